import KinEncoding

/// The name of one link, under which it is continued after a cut: 16 random bytes, drawn by the device that is called.
public struct LinkID: Hashable, Sendable, CustomStringConvertible {
    public static let byteCount = 16
    public let bytes: [UInt8]

    public init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    /// 32 lower-case hex digits.
    public var description: String { Hex.encode(bytes) }
}

extension Fields {
    mutating func link(_ name: String = "link") throws(WireError) -> LinkID {
        guard let link = LinkID(try hex(name, bytes: LinkID.byteCount)) else {
            throw refusal(name, "must be \(2 * LinkID.byteCount) lower-case hex digits")
        }
        return link
    }
}
