import KinCrypto
import KinEncoding
import KinIdentity
import KinWire

/// What every `WalletSigner` must do, one case a promise. A signer's own tests run each case against it.
public struct WalletSignerContract: Sendable {
    public typealias Stage = SignerStage<any WalletSigner>

    public struct Case: Sendable, CustomStringConvertible {
        public let description: String
        /// Whether it applies only to signers that wait for somebody.
        public let needsStall: Bool
        let run: @Sendable (Stage) async throws -> Void

        init(
            _ description: String, needsStall: Bool = false, _ run: @escaping @Sendable (Stage) async throws -> Void
        ) {
            self.description = description
            self.needsStall = needsStall
            self.run = run
        }
    }

    /// All promises; those of a signer that waits for nobody are `promptCases`.
    public static let cases = signing + endings
    public static let promptCases = cases.filter { !$0.needsStall }

    private let makeStage: @Sendable () async throws -> Stage

    /// - Parameter makeStage: a fresh signer, ready to sign. One that waits gives up within a second.
    public init(_ makeStage: @escaping @Sendable () async throws -> Stage) { self.makeStage = makeStage }

    /// - Throws: `ContractViolation` where the signer breaks the promise.
    public func check(_ promise: Case) async throws { try await promise.run(makeStage()) }
}

extension WalletSignerContract {
    private static let domain = "kindred/contract/v1"

    private static func isValid(
        _ signature: [UInt8], by signer: any WalletSigner, over bytes: [UInt8], domain: String
    ) throws -> Bool {
        try Ed25519.PublicKey(signer.address.bytes).isValid(signature: signature, over: bytes, domain: domain)
    }

    private static let signing = [
        Case("a signature of 64 bytes is of the address's key, over the bytes, in the domain") { stage in
            for bytes: [UInt8] in [[], [0], Array("hello".utf8), Random.bytes(20_000)] {
                let signature = try await stage.signer.signature(over: bytes, domain: domain)
                try requireEqual(signature.count, 64, "bytes of a signature")
                try require(
                    try isValid(signature, by: stage.signer, over: bytes, domain: domain),
                    "the signature over \(bytes.count) bytes is not the address's")
            }
        },
        Case("a signature holds in no other domain, and over no other bytes") { stage in
            let signature = try await stage.signer.signature(over: [1, 2], domain: domain)
            let others: [([UInt8], String)] = [
                ([1, 2], "kindred/contract/v2"), ([1], domain), ([1, 2, 0], domain), ([], domain),
            ]
            for (bytes, other) in others {
                try require(
                    try !isValid(signature, by: stage.signer, over: bytes, domain: other),
                    "a signature over [1, 2] in \(domain) also holds over \(bytes) in \(other)")
            }
        },
        Case("domain and bytes are kept apart: the zero byte between them is signed") { stage in
            let signature = try await stage.signer.signature(over: Array("/v1".utf8), domain: "kindred/contract")
            try require(
                try !isValid(signature, by: stage.signer, over: [], domain: "kindred/contract/v1"),
                "the end of the domain can be moved into the bytes")
        },
        Case("a statement is signed so that whoever knows the address can tell") { stage in
            let device = DeviceKeys.generate()
            let certificate = try await stage.signer.sign(
                Certificate(
                    mesh: .home(of: stage.signer.address), member: ULID(milliseconds: 1, randomness: Random.bytes(10)),
                    machineID: try MachineID(Hex.encode(Random.bytes(8))).orThrow("machine id"),
                    ed25519: device.signing.publicKey.bytes, x25519: device.sealing.publicKey.bytes, role: .owner,
                    issuedAt: TestClock.start, issuer: .wallet))
            try require(
                try isValid(
                    certificate.signature, by: stage.signer, over: certificate.unsignedBytes(),
                    domain: Certificate.domain),
                "the statement's signature does not hold")
        },
        Case("requests at once each get their own signature") { stage in
            let signatures = try await withThrowingTaskGroup(of: (UInt8, [UInt8]).self) { group in
                for index in 0..<16 as Range<UInt8> {
                    group.addTask { (index, try await stage.signer.signature(over: [index], domain: domain)) }
                }
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            for (index, signature) in signatures {
                try require(
                    try isValid(signature, by: stage.signer, over: [index], domain: domain),
                    "request \(index) of 16 got another's signature")
            }
            try requireEqual(signatures.count, 16, "answers")
        },
    ]

    private static let endings = [
        Case("a refusal is a KinError of category refused") { stage in
            try await stage.refuse()
            try await SignerEnding.requireRefusal(
                { try await stage.signer.signature(over: [1], domain: domain) }, "a request that is refused")
        },
        Case("the signature of another wallet is never returned as this one's") { stage in
            let address = stage.signer.address
            try await stage.swapKeys()
            try requireEqual(stage.signer.address, address, "address of a signer that was made before")
            try await SignerEnding.requireRefusal(
                { try await stage.signer.signature(over: [1], domain: domain) }, "a request when the keys are others")
        },
        Case("a cancelled task gets CancellationError") { stage in
            try await SignerEnding.requireCancellation(
                {
                    try await SignerEnding.cancelledBefore {
                        try await stage.signer.signature(over: [1], domain: domain)
                    }
                }, "a request of a cancelled task")
        },
        Case("a request cancelled while nobody answers ends with CancellationError", needsStall: true) { stage in
            try await stage.stall.orThrow("stall")()
            try await SignerEnding.requireCancellation(
                {
                    try await SignerEnding.cancelledWaiting {
                        try await stage.signer.signature(over: [1], domain: domain)
                    }
                }, "a request cancelled while waiting")
        },
        Case("a request that nobody answers ends with signer_timeout", needsStall: true) { stage in
            try await stage.stall.orThrow("stall")()
            try await SignerEnding.requireTimeout(
                { try await stage.signer.signature(over: [1], domain: domain) }, "a request that nobody answers")
        },
    ]
}
