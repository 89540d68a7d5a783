import KinWire

/// The key that tells `kin attach` something rather than the program: Control with a letter or one of `\ ] ^ _`.
public struct EscapeKey: Hashable, Sendable {
    /// As telnet's: no shell and few programs use it.
    public static let usual = EscapeKey(character: UInt8(ascii: "]"))

    /// What is pressed together with Control: lower case.
    let character: UInt8

    /// What a terminal sends for it.
    var byte: UInt8 { character & 0x1f }

    var name: String { "ctrl-" + String(UnicodeScalar(character)) }

    private init(character: UInt8) { self.character = character }

    /// - Parameter text: `ctrl-a`, `^a`, or `none`.
    /// - Returns: nil for none.
    /// - Throws: `escape_key_invalid`.
    public static func parse(_ text: String) throws(KinError) -> EscapeKey? {
        let text = text.lowercased()
        if text == "none" { return nil }
        for prefix in ["ctrl-", "^"] where text.hasPrefix(prefix) {
            let rest = Array(text.dropFirst(prefix.count).utf8)
            guard rest.count == 1, isKey(rest[0]) else { break }
            return EscapeKey(character: rest[0])
        }
        throw KinError(
            "escape_key_invalid",
            "an escape key is written ctrl-] or ^a: Control with a letter or one of \\ ] ^ _; or none",
            category: .usage)
    }

    /// Not those that every program reads as Tab, Return or Escape.
    private static func isKey(_ character: UInt8) -> Bool {
        switch character {
        case UInt8(ascii: "i"), UInt8(ascii: "j"), UInt8(ascii: "m"), UInt8(ascii: "["): false
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "\\"), UInt8(ascii: "]"), UInt8(ascii: "^"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
