import KinCrypto
import KinEncoding
import KinWire

/// A small JSON file whose secret values never leave guarded memory: it is scanned in place instead of being parsed into strings.
///
/// Shape: one object, every value a string without escapes, as `render` writes it.
struct SecretDocument {
    private let bytes: SecretBytes
    private let path: String

    /// - Throws: `file_unreadable`, `loose_mode`. Returns nil where there is no file.
    init?(reading path: String) throws {
        guard let bytes = try StateFolder.readSecret(path) else { return nil }
        self.bytes = bytes
        self.path = path
    }

    static func render(_ texts: [(String, String)], secrets: [(String, SecretBytes)]) -> SecretBytes {
        let prefixes = texts.map { Array("\"\($0)\": \"\($1)\"".utf8) }
        let openings = secrets.map { Array("\"\($0.0)\": \"".utf8) }
        let separators = max(0, texts.count + secrets.count - 1) * 4
        let secretCount = zip(openings, secrets).reduce(0) { $0 + $1.0.count + 2 * $1.1.1.count + 1 }
        let braces = 7
        let count = prefixes.reduce(0) { $0 + $1.count } + secretCount + separators + braces
        return SecretBytes(count: count) { buffer in
            var writer = Writer(buffer: buffer)
            writer.append("{\n  ")
            for (index, prefix) in prefixes.enumerated() {
                if index > 0 { writer.append(",\n  ") }
                writer.append(prefix)
            }
            for (index, opening) in openings.enumerated() {
                if index + prefixes.count > 0 { writer.append(",\n  ") }
                writer.append(opening)
                secrets[index].1.withBytes { $0.forEach { writer.appendHex($0) } }
                writer.append("\"")
            }
            writer.append("\n}\n")
        }
    }

    /// A value that is no secret.
    func text(_ name: String) throws -> String {
        guard let value = try optionalText(name) else { throw damaged(name) }
        return value
    }

    func optionalText(_ name: String) throws -> String? {
        bytes.withBytes { buffer in
            Self.value(name, in: buffer).map { String(decoding: buffer[$0], as: UTF8.self) }
        }
    }

    /// A hex value of `count` bytes.
    func secret(_ name: String, count: Int) throws -> SecretBytes {
        guard let secret = try optionalSecret(name, count: count) else { throw damaged(name) }
        return secret
    }

    func optionalSecret(_ name: String, count: Int) throws -> SecretBytes? {
        try bytes.withBytes { buffer in
            guard let range = Self.value(name, in: buffer) else { return nil }
            guard range.count == 2 * count else { throw damaged(name) }
            return try SecretBytes(count: count) { target in
                for index in 0..<count {
                    guard let high = Self.nibble(buffer[range.lowerBound + 2 * index]),
                        let low = Self.nibble(buffer[range.lowerBound + 2 * index + 1])
                    else { throw damaged(name) }
                    target[index] = high << 4 | low
                }
            }
        }
    }

    private func damaged(_ name: String) -> KinError {
        KinError("file_damaged", "\(path) is damaged: \(name) is missing or malformed. Restore it from a backup")
    }

    private static func value(_ name: String, in buffer: UnsafeRawBufferPointer) -> Range<Int>? {
        let key = Array("\"\(name)\": \"".utf8)
        guard buffer.count >= key.count else { return nil }
        for start in 0...(buffer.count - key.count) where key.indices.allSatisfy({ buffer[start + $0] == key[$0] }) {
            let first = start + key.count
            guard let end = buffer[first...].firstIndex(of: UInt8(ascii: "\"")) else { return nil }
            return first..<end
        }
        return nil
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }

    private struct Writer {
        let buffer: UnsafeMutableRawBufferPointer
        var position = 0

        mutating func append(_ bytes: some Sequence<UInt8>) {
            for byte in bytes {
                buffer[position] = byte
                position += 1
            }
        }

        mutating func append(_ text: String) { append(text.utf8) }

        mutating func appendHex(_ byte: UInt8) {
            let digits = Array("0123456789abcdef".utf8)
            append([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
        }
    }
}
