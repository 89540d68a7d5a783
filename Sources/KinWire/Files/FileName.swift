/// What a shared file is called: one component of a path, 1 to 255 bytes of UTF-8 without `/`, without controls and marks that reorder text, and
/// neither `.` nor `..`.
///
/// A suggestion of its sender's, never a path.
public struct FileName: Hashable, Sendable, CustomStringConvertible {
    public static let maxBytes = 255

    public let description: String

    public init?(_ text: String) {
        guard (1...Self.maxBytes).contains(text.utf8.count), text != ".", text != "..",
            text.unicodeScalars.allSatisfy(Self.isShown)
        else { return nil }
        description = text
    }

    /// Whether nobody would see it: a name that begins with a dot, which some programs obey.
    public var isHidden: Bool { description.hasPrefix(".") }

    private static func isShown(_ scalar: UnicodeScalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x2f, 0x7f...0x9f, 0x61c, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff: false
        default: true
        }
    }
}
