import Foundation
import KinCrypto
import KinEncoding
import KinWire

/// Keys of others that are let in: OpenSSH public-key lines of type `ssh-ed25519`, from a file or as text.
///
/// One key a line, `ssh-ed25519 BASE64 [comment]`; empty lines and lines that begin with `#` are skipped. Anything else is refused with its line: an
/// option such as `restrict` or `command=` takes rights away, so ignoring it would give more than its author meant.
/// Source: sshd(8), "AUTHORIZED_KEYS FILE FORMAT"; RFC 4253 section 6.6; RFC 8709 section 4.
public struct AuthorizedKeys: Sendable {
    public struct Entry: Hashable, Sendable {
        public let key: Ed25519.PublicKey
        /// What follows the key; may be empty.
        public let comment: String
    }

    static let type = "ssh-ed25519"
    public static let maxBytes = 1 << 20
    public static let maxKeys = 4096
    private static let maxLineBytes = 8192

    /// By key id (SHA-256 of the raw public key).
    private let entries: [[UInt8]: Entry]

    public var count: Int { entries.count }

    /// - Throws: `authorized_keys_invalid`, naming the line.
    public init(_ text: String) throws {
        guard text.utf8.count <= Self.maxBytes else {
            throw Self.invalid("it is larger than \(Self.maxBytes) bytes")
        }
        var entries: [[UInt8]: Entry] = [:]
        for (index, line) in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        {
            guard let entry = try Self.entry(of: line, number: index + 1) else { continue }
            let keyID = AuthToken.keyID(of: entry.key)
            // The same key again says nothing new; the first comment stays.
            if entries[keyID] == nil { entries[keyID] = entry }
            guard entries.count <= Self.maxKeys else { throw Self.invalid("it holds more than \(Self.maxKeys) keys") }
        }
        self.entries = entries
    }

    /// Reads a file that nobody but its owner may write.
    /// - Throws: `authorized_keys_missing`, `authorized_keys_invalid`, `loose_mode`, `file_unreadable`, `file_too_large`.
    public init(reading path: String) throws {
        guard let bytes = try StateFolder.read(path, limit: Self.maxBytes) else {
            throw KinError("authorized_keys_missing", "\(path) is not there", category: .notFound)
        }
        try StateFolder.checkMode(of: path, forbidden: 0o022, expected: "644")
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Self.invalid("it is not UTF-8") }
        try self.init(text)
    }

    /// The key whose SHA-256 is `keyID`.
    public func entry(_ keyID: [UInt8]) -> Entry? { entries[keyID] }

    private static func entry(of line: Substring.UTF8View, number: Int) throws -> Entry? {
        guard line.count <= maxLineBytes else { throw invalid("line \(number) is longer than \(maxLineBytes) bytes") }
        let blanks: (UInt8) -> Bool = {
            $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r")
        }
        let text = line.drop(while: blanks)
        guard let first = text.first, first != UInt8(ascii: "#") else { return nil }
        let words = text.split(maxSplits: 2, whereSeparator: blanks)
        guard words[0].elementsEqual(type.utf8) else {
            throw invalid(
                "line \(number) does not begin with \(type): keys of other types and options are not taken; remove them"
            )
        }
        guard words.count >= 2, let key = key(of: String(Substring(words[1]))) else {
            throw invalid("line \(number) holds no sound \(type) key")
        }
        let comment = words.count > 2 ? String(Substring(words[2])).trimmingCharacters(in: .whitespacesAndNewlines) : ""
        return Entry(key: key, comment: comment)
    }

    /// The blob: string "ssh-ed25519", string of 32 bytes, each with its u32 length.
    private static func key(of base64: String) -> Ed25519.PublicKey? {
        let head = [0, 0, 0, UInt8(type.utf8.count)] + Array(type.utf8) + [0, 0, 0, 32]
        guard let blob = try? Base64.decode(base64), blob.count == head.count + 32, blob.starts(with: head) else {
            return nil
        }
        return try? Ed25519.PublicKey(blob.dropFirst(head.count))
    }

    private static func invalid(_ fault: String) -> KinError {
        KinError("authorized_keys_invalid", "the authorized keys cannot be used: \(fault)", category: .usage)
    }
}
