extension ScreenModes {
    /// From a terminal as it begins, whatever it shows, to an empty screen that is set so.
    var bytesToEnter: [UInt8] {
        var text = "\u{1b}[m\u{1b}[r"
        if let alternate {
            // Each screen has its own, and the program's end is to find those of the other as they were.
            for flags in keyboards[0] { text += "\u{1b}[>\(flags)u" }
            text += "\u{1b}[?\(alternate)h"
        }
        text += "\u{1b}[H\u{1b}[2J"
        for mode in changed.sorted() { text += Self.bytes(mode, Self.onAtFirst.contains(mode) ? "l" : "h") }
        if keypadSends { text += "\u{1b}=" }
        if inserts { text += "\u{1b}[4h" }
        if let cursorStyle { text += "\u{1b}[\(cursorStyle) q" }
        if let region { text += "\u{1b}[\(region[0]);\(region[1] == 0 ? "" : String(region[1]))r\u{1b}[H" }
        for flags in keyboards[isAlternate ? 1 : 0] { text += "\u{1b}[>\(flags)u" }
        if let otherKeys { text += "\u{1b}[>4;\(otherKeys)m" }
        var bytes = Array(text.utf8)
        for (introducer, graphic) in zip("()".utf8, graphics) {
            if let graphic { bytes += [0x1b, introducer, graphic] }
        }
        if isShifted { bytes.append(0x0e) }
        if !title.isEmpty { bytes += Array("\u{1b}]2;".utf8) + title + [0x07] }
        return bytes + pen
    }

    /// From a terminal that is set so back to one as it begins: nothing where it is so. What it shows on its normal screen stays.
    public var bytesToLeave: [UInt8] {
        var text = ""
        if !pen.isEmpty { text += "\u{1b}[m" }
        for mode in changed.sorted() { text += Self.bytes(mode, Self.onAtFirst.contains(mode) ? "h" : "l") }
        if keypadSends { text += "\u{1b}>" }
        if inserts { text += "\u{1b}[4l" }
        if cursorStyle != nil { text += "\u{1b}[0 q" }
        // A new region takes the cursor home.
        if region != nil { text += "\u{1b}7\u{1b}[r\u{1b}8" }
        if graphics[0] != nil { text += "\u{1b}(B" }
        if graphics[1] != nil { text += "\u{1b})B" }
        if isShifted { text += "\u{0f}" }
        if otherKeys != nil { text += "\u{1b}[>4m" }
        if isAlternate, !keyboards[1].isEmpty { text += "\u{1b}[<\(keyboards[1].count)u" }
        if let alternate { text += "\u{1b}[?\(alternate)l" }
        if !keyboards[0].isEmpty { text += "\u{1b}[<\(keyboards[0].count)u" }
        return Array(text.utf8)
    }

    private static func bytes(_ mode: Int, _ final: Character) -> String { "\u{1b}[?\(mode)\(final)" }
}

/// Follows what goes to a terminal, for whoever has to leave it as it was.
public struct ScreenFollower: Sendable {
    public private(set) var modes = ScreenModes()
    private var parser = EscapeParser()

    public init() {}

    public mutating func follow(_ bytes: [UInt8]) {
        for found in parser.parse(bytes) { modes.apply(found.sequence) }
    }

    /// Whether something else may be written now.
    public var isBetweenSequences: Bool { parser.isBetween }
}
