import KinCrypto
import KinWire

/// Passwords that need no storage (docs/protocol/vault.md, "Site passwords"): frozen, as a changed character would lock
/// people out.
public enum SitePassword {
    /// What HKDF-SHA256 gives at most.
    private static let streamCount = 255 * 32

    /// The password, ASCII.
    ///
    /// - Parameter key: the one at `VaultPath.site(request)`.
    /// - Throws: `password_underivable` where no candidate has every class, a chance below 2^-800.
    public static func derive(
        _ request: SitePasswordRequest, key: borrowing DerivedKey
    ) throws(KinError) -> SecretBytes {
        let info = "kindred/password/v1|\(request.site)|\(request.counter)|\(request.classList)"
        let stream = HKDF.sha256(key.privateKey, salt: "", info: info, count: streamCount)
        let alphabet = SitePasswordRequest.CharacterClass.allCases.filter(request.classes.contains)
            .flatMap(\.characters)
        var found = false
        let password = SecretBytes(count: request.length) { password in
            found = stream.withBytes { fill(password, from: $0, alphabet: alphabet, classes: request.classes) }
        }
        guard found else {
            throw KinError("password_underivable", "no password follows from this request: use the next counter")
        }
        return password
    }

    /// Takes characters off the stream until one password's worth of them has every class.
    private static func fill(
        _ password: UnsafeMutableRawBufferPointer, from stream: UnsafeRawBufferPointer, alphabet: [UInt8],
        classes: Set<SitePasswordRequest.CharacterClass>
    ) -> Bool {
        // Bytes at or above the largest multiple of the alphabet's size would favour its first characters.
        let limit = 256 / alphabet.count * alphabet.count
        var count = 0
        for byte in stream where byte < limit {
            password[count] = alphabet[Int(byte) % alphabet.count]
            count += 1
            guard count == password.count else { continue }
            if classes.allSatisfy({ $0.characters.contains(where: password.contains) }) { return true }
            count = 0
        }
        return false
    }
}

extension SitePasswordRequest.CharacterClass {
    /// In the order of ASCII.
    var characters: [UInt8] {
        switch self {
        case .lower: Array("abcdefghijklmnopqrstuvwxyz".utf8)
        case .upper: Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        case .digit: Array("0123456789".utf8)
        case .symbol: Array("!#$%&*+-.:=?@_".utf8)
        }
    }
}
