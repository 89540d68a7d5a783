import KinCrypto
import KinEncoding
import KinTesting
import KinVault
import KinWire

/// `Vectors/kindred/vault.json`: everything that follows from one phrase.
enum VaultVectors {
    static let path = "kindred/vault.json"

    static func file() throws -> Vector { try Vector(file: path) }

    static func seed() throws -> Seed {
        let file = try file()
        return Seed(phrase: try Phrase(parsing: file.text("phrase")), passphrase: try file.text("passphrase"))
    }

    static func phrase() throws -> Phrase { try Phrase(parsing: file().text("phrase")) }

    static func ed25519(_ path: DerivationPath) throws -> DerivedKey {
        try SLIP10.ed25519(seed: seed().bytes, path: path)
    }

    static func secp256k1(_ path: DerivationPath) throws -> DerivedKey {
        try SLIP10.secp256k1(seed: seed().bytes, path: path)
    }
}

extension SecretBytes {
    convenience init(_ text: String) { self.init(copying: Array(text.utf8)) }

    /// As text; for tests, where nothing is guarded.
    var text: String { withBytes { String(decoding: $0, as: UTF8.self) } }
}
