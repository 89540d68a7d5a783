import KinCrypto
import KinIdentity
import KinWire
import Synchronization

/// A signer with somebody behind it, who does as a test says. What it returns it has checked against its own key.
public final class ScriptedSigner: Sendable {
    /// What whoever is behind it does with a request.
    public enum Behaviour: Sendable {
        case signs, refuses, staysSilent
        /// Signs with another key.
        case hasOtherKeys
    }

    private let state = Mutex(Behaviour.signs)
    private let patience: Duration

    /// - Parameter patience: how long a request waits for its answer.
    public init(patience: Duration = .milliseconds(100)) { self.patience = patience }

    public func behave(_ behaviour: Behaviour) { state.withLock { $0 = behaviour } }

    /// - Parameters:
    ///   - sign: with the key, or with another.
    ///   - isOwn: whether a signature is the key's.
    func answer(sign: (_ withOther: Bool) throws -> [UInt8], isOwn: ([UInt8]) -> Bool) async throws -> [UInt8] {
        try Task.checkCancellation()
        switch state.withLock({ $0 }) {
        case .refuses: throw KinError("signer_refused", "whoever is asked said no", category: .refused)
        case .staysSilent:
            try await Task.sleep(for: patience)
            throw KinError.signerTimeout
        case .signs, .hasOtherKeys:
            let signature = try sign(state.withLock { $0 == .hasOtherKeys })
            guard isOwn(signature) else {
                throw KinError("another_wallet", "whoever answered has another key", category: .refused)
            }
            return signature
        }
    }
}

/// A wallet behind a `ScriptedSigner`.
public struct ScriptedWalletSigner: WalletSigner {
    public let script: ScriptedSigner
    public let address: WalletAddress
    private let wallet: TestWallet
    private let other: TestWallet

    public init(script: ScriptedSigner = ScriptedSigner()) throws {
        self.script = script
        wallet = try TestWallet()
        other = try TestWallet()
        address = wallet.address
    }

    public func signature(over bytes: [UInt8], domain: String) async throws -> [UInt8] {
        try await script.answer {
            ($0 ? other : wallet).key.sign(bytes, domain: domain)
        } isOwn: {
            wallet.key.publicKey.isValid(signature: $0, over: bytes, domain: domain)
        }
    }
}

/// A Nostr key behind a `ScriptedSigner`.
public struct ScriptedNostrSigner: NostrSigner {
    public let script: ScriptedSigner
    public let publicKey: [UInt8]
    private let secret = SecretBytes.random(count: 32)
    private let other = SecretBytes.random(count: 32)

    public init(script: ScriptedSigner = ScriptedSigner()) throws {
        self.script = script
        publicKey = try Secp256k1.xOnlyPublicKey(secret)
    }

    public func signature(over id: [UInt8]) async throws -> [UInt8] {
        guard id.count == 32 else { throw KinError.nostrIDLength }
        return try await script.answer {
            try Secp256k1.schnorrSignature(over: id, key: $0 ? other : secret)
        } isOwn: {
            Secp256k1.isValidSchnorr(signature: $0, over: id, publicKey: publicKey)
        }
    }
}
