import KinEncoding

/// Writes a JSON object some of whose members are secret, in canonical form, straight into the memory that secrets are
/// kept in.
struct SecretObject<Secret: WireSecret> {
    private enum Value {
        case open([UInt8])
        case text(Secret)
        case base64(Secret)
    }

    private var members: [(name: String, value: Value)] = []

    init(_ open: [String: JSON] = [:]) {
        members = open.map { ($0.key, .open($0.value.canonicalBytes())) }
    }

    func adding(text secret: Secret?, as name: String) -> SecretObject {
        guard let secret else { return self }
        var object = self
        object.members.append((name, .text(secret)))
        return object
    }

    func adding(base64 secret: Secret, as name: String) -> SecretObject {
        var object = self
        object.members.append((name, .base64(secret)))
        return object
    }

    /// Names are ASCII, so that their order is that of RFC 8785.
    func encoded() -> Secret {
        let members = members.sorted { $0.name < $1.name }
        var sizing = ByteSink(output: nil)
        Self.write(members, to: &sizing)
        return Secret(count: sizing.count) { output in
            var sink = ByteSink(output: output)
            Self.write(members, to: &sink)
        }
    }

    private static func write(_ members: [(name: String, value: Value)], to sink: inout ByteSink) {
        sink.append(UInt8(ascii: "{"))
        for (index, member) in members.enumerated() {
            if index > 0 { sink.append(UInt8(ascii: ",")) }
            sink.append("\"\(member.name)\":")
            switch member.value {
            case .open(let bytes): bytes.forEach { sink.append($0) }
            case .text(let secret): secret.withBytes { sink.appendText($0) }
            case .base64(let secret): secret.withBytes { sink.appendBase64($0) }
            }
        }
        sink.append(UInt8(ascii: "}"))
    }
}

/// Counts what is written, and writes it where there is room for it.
private struct ByteSink {
    let output: UnsafeMutableRawBufferPointer?
    var count = 0

    init(output: UnsafeMutableRawBufferPointer?) { self.output = output }

    mutating func append(_ byte: UInt8) {
        output?[count] = byte
        count += 1
    }

    mutating func append(_ text: String) { text.utf8.forEach { append($0) } }

    /// UTF-8 as a JSON string with the escapes of RFC 8785, section 3.2.2.2.
    mutating func appendText(_ bytes: UnsafeRawBufferPointer) {
        append(UInt8(ascii: "\""))
        for byte in bytes {
            switch byte {
            case 0x08: append("\\b")
            case 0x09: append("\\t")
            case 0x0a: append("\\n")
            case 0x0c: append("\\f")
            case 0x0d: append("\\r")
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0..<0x20: append("\\u00" + Hex.encode(CollectionOfOne(byte)))
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }

    mutating func appendBase64(_ bytes: UnsafeRawBufferPointer) {
        append(UInt8(ascii: "\""))
        let length = Base64.encodedCount(bytes.count)
        if let output {
            Base64.encode(bytes, into: UnsafeMutableRawBufferPointer(rebasing: output[count..<count + length]))
        }
        count += length
        append(UInt8(ascii: "\""))
    }
}
