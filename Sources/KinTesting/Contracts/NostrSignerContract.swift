import KinCrypto
import KinIdentity
import KinWire

/// What every `NostrSigner` must do, one case a promise. A signer's own tests run each case against it.
public struct NostrSignerContract: Sendable {
    public typealias Stage = SignerStage<any NostrSigner>

    public struct Case: Sendable, CustomStringConvertible {
        public let description: String
        /// Whether somebody else than the asker must be able to refuse, or to have other keys.
        public let needsOwner: Bool
        /// Whether it applies only to signers that wait for somebody.
        public let needsStall: Bool
        let run: @Sendable (Stage) async throws -> Void

        init(
            _ description: String, needsOwner: Bool = false, needsStall: Bool = false,
            _ run: @escaping @Sendable (Stage) async throws -> Void
        ) {
            self.description = description
            self.needsOwner = needsOwner
            self.needsStall = needsStall
            self.run = run
        }
    }

    /// All promises.
    public static let cases = signing + endings
    /// Those of a signer that waits for nobody.
    public static let promptCases = cases.filter { !$0.needsStall }
    /// Those of a key that its user holds: nobody refuses, and nobody swaps it.
    public static let heldCases = promptCases.filter { !$0.needsOwner }

    private let makeStage: @Sendable () async throws -> Stage

    /// - Parameter makeStage: a fresh signer, ready to sign. One that waits gives up within a second.
    public init(_ makeStage: @escaping @Sendable () async throws -> Stage) { self.makeStage = makeStage }

    /// - Throws: `ContractViolation` where the signer breaks the promise.
    public func check(_ promise: Case) async throws { try await promise.run(makeStage()) }
}

extension NostrSignerContract {
    private static func isValid(_ signature: [UInt8], by signer: any NostrSigner, over id: [UInt8]) -> Bool {
        Secp256k1.isValidSchnorr(signature: signature, over: id, publicKey: signer.publicKey)
    }

    private static let signing = [
        Case("a signature of 64 bytes is of the signer's key, over the id as it is") { stage in
            try requireEqual(stage.signer.publicKey.count, 32, "bytes of the public key")
            for id in [[UInt8](repeating: 0, count: 32), [UInt8](repeating: 255, count: 32), Random.bytes(32)] {
                let signature = try await stage.signer.signature(over: id)
                try requireEqual(signature.count, 64, "bytes of a signature")
                try require(isValid(signature, by: stage.signer, over: id), "the signature is not the key's")
            }
        },
        Case("a signature holds over no other id") { stage in
            let id = Random.bytes(32)
            let signature = try await stage.signer.signature(over: id)
            try require(
                !isValid(signature, by: stage.signer, over: id.reversed()), "the signature holds over another id")
        },
        Case("what is no id of 32 bytes is not signed") { stage in
            for count in [0, 31, 33, 64] {
                let error = try await SignerEnding.error(
                    of: { try await stage.signer.signature(over: Random.bytes(count)) }, "an id of \(count) bytes")
                try requireEqual((error as? KinError)?.code, "nostr_id_length", "code for an id of \(count) bytes")
            }
        },
        Case("requests at once each get their own signature") { stage in
            let ids = (0..<16).map { _ in Random.bytes(32) }
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for id in ids {
                    group.addTask { isValid(try await stage.signer.signature(over: id), by: stage.signer, over: id) }
                }
                try requireEqual(try await group.reduce(0) { $0 + ($1 ? 1 : 0) }, 16, "answers that are the request's")
            }
        },
    ]

    private static let endings = [
        Case("a refusal is a KinError of category refused", needsOwner: true) { stage in
            try await stage.refuse()
            try await SignerEnding.requireRefusal(
                { try await stage.signer.signature(over: Random.bytes(32)) }, "a request that is refused")
        },
        Case("the signature of another key is never returned as this one's", needsOwner: true) { stage in
            let publicKey = stage.signer.publicKey
            try await stage.swapKeys()
            try requireEqual(stage.signer.publicKey, publicKey, "key of a signer that was made before")
            try await SignerEnding.requireRefusal(
                { try await stage.signer.signature(over: Random.bytes(32)) }, "a request when the keys are others")
        },
        Case("a cancelled task gets CancellationError") { stage in
            try await SignerEnding.requireCancellation(
                {
                    try await SignerEnding.cancelledBefore {
                        try await stage.signer.signature(over: Random.bytes(32))
                    }
                }, "a request of a cancelled task")
        },
        Case("a request cancelled while nobody answers ends with CancellationError", needsStall: true) { stage in
            try await stage.stall.orThrow("stall")()
            try await SignerEnding.requireCancellation(
                {
                    try await SignerEnding.cancelledWaiting {
                        try await stage.signer.signature(over: Random.bytes(32))
                    }
                }, "a request cancelled while waiting")
        },
        Case("a request that nobody answers ends with signer_timeout", needsStall: true) { stage in
            try await stage.stall.orThrow("stall")()
            try await SignerEnding.requireTimeout(
                { try await stage.signer.signature(over: Random.bytes(32)) }, "a request that nobody answers")
        },
    ]
}
