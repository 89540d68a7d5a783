import KinEncoding
import KinWire

/// Every wrong shape of a sound frame, by name: of its header's members one by one, of its canonical form, of its length and its body.
public struct WrongShapes: Sendable {
    public let type: String
    private let members: [String: JSON]
    private let header: [UInt8]
    private let body: [UInt8]

    /// - Parameter frame: the whole frame.
    public init(of frame: [UInt8]) throws {
        let parts = try Frame.split(frame, maxHeaderBytes: MeshFrame.maxHeaderBytes)
        header = Array(parts.header)
        body = Array(parts.body)
        guard case .object(let members) = try JSON.parse(header), case .string(let type)? = members["type"] else {
            throw MissingValue("a type")
        }
        (self.members, self.type) = (members, type)
    }

    /// None of them can be read.
    public var frames: [(name: String, bytes: [UInt8])] {
        let candidates = wrongMembers + wrongForms + wrongLengths
        return candidates.filter { (try? ReceivedFrame($0.bytes)) == nil }
    }

    private var wrongMembers: [(name: String, bytes: [UInt8])] {
        let values: [(String, JSON)] = [
            ("null", .null), ("true", .bool(true)), ("-1", .integer(-1)), ("2^53", .integer(1 << 53)),
            ("0.5", .number(0.5)), ("empty", .string("")), ("long", .string(String(repeating: "z", count: 700))),
            ("[]", .array([])), ("[null]", .array([.null])), ("{}", .object([:])),
        ]
        return members.keys.sorted().flatMap { name in
            [("\(name) missing", with { $0[name] = nil })]
                + values.map { label, value in ("\(name) is \(label)", with { $0[name] = value }) }
        }
    }

    private var wrongForms: [(name: String, bytes: [UInt8])] {
        let text = String(decoding: header, as: UTF8.self)
        return [
            ("a member too many", with { $0["surprise"] = .null }),
            ("a space", framed(Array(text.replacing(":", with: ": ", maxReplacements: 1).utf8), body)),
            ("a member twice", framed(Array("{\"a\":1,\"a\":1,\(text.dropFirst())".utf8), body)),
            ("no object", framed(Array("[\(text)]".utf8), body)),
            ("bytes that are no UTF-8", framed(Array(header.dropLast()) + [0xff], body)),
            ("half a header", framed(Array(header.prefix(header.count / 2)), body)),
            ("a header over 16 KiB", with { $0["surprise"] = .string(String(repeating: "x", count: 17_000)) }),
            ("nested too deep", framed(Array(String(repeating: "[", count: 9_000).utf8), body)),
        ]
    }

    private var wrongLengths: [(name: String, bytes: [UInt8])] {
        let whole = framed(header, body)
        return [
            ("nothing", []), ("three bytes", [0, 0, 0]), ("no header", [0, 0, 0, 0] + body),
            ("the largest length", [255, 255, 255, 255] + whole.dropFirst(4)),
            ("a length one too short", framed(header, body, length: header.count - 1)),
            ("a length one too long", framed(header, body, length: header.count + body.count + 1)),
            ("a body too many or too few", framed(header, body.isEmpty ? [1] : [])),
        ]
    }

    private func with(_ change: (inout [String: JSON]) -> Void) -> [UInt8] {
        var members = members
        change(&members)
        return framed(JSON.object(members).canonicalBytes(), body)
    }

    private func framed(_ header: [UInt8], _ body: [UInt8], length: Int? = nil) -> [UInt8] {
        let count = UInt32(length ?? header.count)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) } + header + body
    }
}
