import KinCrypto
import KinEncoding
import KinIdentity
import KinWire
import Synchronization

/// What programs show over TCP: one token in a file of the daemon's own, and for a minute the one before.
final class LocalTokens: Sendable {
    /// Milliseconds that the former one is good after a change.
    static let grace: Int64 = 60_000
    private static let byteCount = 32
    /// Characters of base64url.
    private static let length = 43

    let path: String
    private let state = Mutex(State())

    private struct State {
        var current: SecretBytes?
        var former: SecretBytes?
        /// Milliseconds.
        var formerUntil: Int64 = 0
    }

    init(path: String) { self.path = path }

    /// Reads the token, or makes it where there is none.
    /// - Throws: `loose_mode`, `token_damaged`, `home_not_writable`.
    func prepare() throws {
        guard let file = try StateFolder.readSecret(path, limit: 256) else { return _ = try renew(now: 0) }
        let token = try file.withBytes { bytes in
            let text = bytes.last == UInt8(ascii: "\n") ? UnsafeRawBufferPointer(rebasing: bytes.dropLast()) : bytes
            guard text.count == Self.length, text.allSatisfy(Self.isLetter) else { throw damaged }
            return SecretBytes(copying: text)
        }
        state.withLock { $0.current = token }
    }

    /// Compares in a time that does not depend on what the token is.
    /// - Parameter now: milliseconds.
    func accepts(_ shown: SecretBytes, now: Int64) -> Bool {
        let (current, former) = state.withLock { state in
            (state.current, now < state.formerUntil ? state.former : nil)
        }
        let isCurrent = current == shown
        let isFormer = former == shown
        return isCurrent || isFormer
    }

    /// Makes another token: it is on the disk first, then it holds.
    /// - Returns: milliseconds until which the former one is taken; nil where there was none.
    func renew(now: Int64) throws -> Int64? {
        let token = Self.random()
        try StateFolder.write(
            SecretBytes(count: token.count + 1) { line in
                token.withBytes { line.copyMemory(from: $0) }
                line[token.count] = UInt8(ascii: "\n")
            }, to: path)
        return state.withLock { state in
            state.former = state.current
            state.formerUntil = state.former == nil ? 0 : now + Self.grace
            state.current = token
            return state.former.map { _ in now + Self.grace }
        }
    }

    private static func random() -> SecretBytes {
        let bytes = SecretBytes.random(count: byteCount)
        return SecretBytes(count: length) { text in bytes.withBytes { Base64URL.encode($0, into: text) } }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private var damaged: KinError {
        KinError("token_damaged", "\(path) holds no token: remove it, and the next start makes another")
    }
}
