import KinCrypto
import KinEncoding
import KinVault
import KinWire

extension FuzzTarget {
    static let vault = [
        FuzzTarget(name: "phrase", alphabet: "abcdefghijklmnopqrstuvwxyz \n\tABCé\u{3000}") { bytes in
            guard let phrase = try? Phrase(parsing: SecretBytes(copying: bytes)) else { return false }
            try promise(try Phrase(parsing: phrase.sentence) == phrase, "a phrase is read otherwise from its sentence")
            return true
        },
        FuzzTarget(name: "path", alphabet: "m/0123456789'h") { bytes in
            guard let path = try? DerivationPath(String(decoding: bytes, as: UTF8.self)) else { return false }
            try promise(try DerivationPath(path.description) == path, "a path is read otherwise from its text")
            return true
        },
        FuzzTarget(name: "sealed-vault", alphabet: jsonAlphabet + "+/=") { bytes in
            guard let vault = try? SealedVault(bytes: bytes) else { return false }
            try promise(try SealedVault(bytes: vault.bytes) == vault, "a sealed vault is read otherwise from its bytes")
            return true
        },
        // The first line is the operation.
        FuzzTarget(name: "vault-request", alphabet: jsonAlphabet) { bytes in
            let parts = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let operation = VaultOperation(rawValue: String(decoding: parts[0], as: UTF8.self))
            else { return false }
            let body = Array(parts[1])
            // The general parser must agree on what is JSON at all, or a secret could be smuggled past it.
            guard let request = try? SecretVaultRequest(operation, body: body) else { return false }
            try promise((try? JSON.parse(body)) != nil, "a request is read that is no JSON")
            let written = request.encodedBody()
            let again = try written.withBytes { try SecretVaultRequest(operation, body: $0) }
            try promise(again == request, "a request is read otherwise from its own bytes")
            try promise(again.encodedBody() == written, "a request's bytes are not stable")
            return true
        },
    ]
}
