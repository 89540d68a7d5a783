import KinCrypto
import KinEncoding
import KinWire

/// An Ed25519 key as OpenSSH keeps it.
public struct SSHKey: Sendable {
    private static let keyType = "ssh-ed25519"

    /// On one line; tells people which key this is.
    public let comment: String
    private let key: Ed25519.PrivateKey

    /// - Parameters:
    ///   - derived: the key at `VaultPath.ssh()`.
    ///   - comment: without line breaks and other control characters.
    /// - Throws: `ssh_comment`.
    public init(_ derived: borrowing DerivedKey, comment: String) throws {
        guard comment.utf8.count <= 255,
            comment.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else {
            throw KinError("ssh_comment", "an SSH key's comment is one line of at most 255 bytes", category: .usage)
        }
        key = try Ed25519.PrivateKey(seed: derived.privateKey)
        self.comment = comment
    }

    /// As it stands in `authorized_keys` (RFC 4253, section 6.6; RFC 8709): type, blob in base64, comment.
    public var publicLine: String {
        let line = "\(Self.keyType) \(Base64.encode(publicBlob))"
        return comment.isEmpty ? line : "\(line) \(comment)"
    }

    private var publicBlob: [UInt8] { Self.string(Array(Self.keyType.utf8)) + Self.string(key.publicKey.bytes) }

    /// The private key file, not encrypted (OpenSSH's PROTOCOL.key). The same bytes each time.
    public var privateFile: SecretBytes {
        let blob = privateBlob
        let (header, footer) = ("-----BEGIN OPENSSH PRIVATE KEY-----\n", "-----END OPENSSH PRIVATE KEY-----\n")
        let text = SecretBytes(count: Base64.encodedCount(blob.count)) { text in
            blob.withBytes { Base64.encode($0, into: text) }
        }
        let width = 70
        let lines = (text.count + width - 1) / width
        return SecretBytes(count: header.utf8.count + text.count + lines + footer.utf8.count) { file in
            var end = 0
            func append(_ bytes: some Sequence<UInt8>) {
                for byte in bytes {
                    file[end] = byte
                    end += 1
                }
            }
            append(header.utf8)
            text.withBytes { text in
                for start in stride(from: 0, to: text.count, by: width) {
                    append(text[start..<min(start + width, text.count)])
                    append(CollectionOfOne(UInt8(ascii: "\n")))
                }
            }
            append(footer.utf8)
        }
    }

    /// What the file holds in base64: magic, no cipher, no key derivation, one key.
    private var privateBlob: SecretBytes {
        let none = Self.string(Array("none".utf8))
        let opening =
            Array("openssh-key-v1\0".utf8) + none + none + Self.string([]) + [0, 0, 0, 1] + Self.string(publicBlob)
        // Two equal numbers tell a reader that decryption worked. Nothing is encrypted, so they need not be random.
        let check = Array(Digest.sha256(key.publicKey.bytes).prefix(4))
        let beforeSeed = check + check + publicBlob + Self.length(64)
        let afterSeed = key.publicKey.bytes + Self.string(Array(comment.utf8))
        let unpadded = beforeSeed.count + 32 + afterSeed.count
        let padding = (8 - unpadded % 8) % 8
        let start = opening + Self.length(unpadded + padding) + beforeSeed
        let end = afterSeed + (0..<padding).map { UInt8($0 + 1) }
        return SecretBytes(count: start.count + 32 + end.count) { blob in
            blob.copyBytes(from: start)
            key.seed.withBytes {
                UnsafeMutableRawBufferPointer(rebasing: blob[start.count...]).copyMemory(from: $0)
            }
            UnsafeMutableRawBufferPointer(rebasing: blob[(start.count + 32)...]).copyBytes(from: end)
        }
    }

    private static func length(_ count: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(count).bigEndian) { Array($0) } }

    private static func string(_ bytes: [UInt8]) -> [UInt8] { length(bytes.count) + bytes }
}
