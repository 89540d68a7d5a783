/// How a terminal is set by the sequences that went to it: what a screen that begins anew has to be told first, and what has to be undone when it is left.
///
/// Only what outlasts the program's next redraw: characters and the cursor's place are not here, nor what few programs use (tabulators, saved cursors, origin mode).
public struct ScreenModes: Hashable, Sendable {
    /// DEC private modes that are followed: cursor keys 1, wrap 7, mouse 9 and 1000 to 1016, cursor shown 25, keypad 66, bracketed paste 2004,
    /// output held for a frame 2026.
    static let followed: Set<Int> = [
        1, 5, 7, 9, 25, 66, 1000, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016, 2004, 2026, 2031,
    ]
    /// Those that are on at the beginning.
    static let onAtFirst: Set<Int> = [7, 25]
    static let alternates: Set<Int> = [47, 1047, 1049]
    private static let maxPen = 256
    private static let maxTitle = 256
    private static let maxKeyboards = 8

    /// Modes that are not as at the beginning.
    var changed: Set<Int> = []
    /// The mode that switched to the alternate screen.
    var alternate: Int?
    var keypadSends = false
    var inserts = false
    /// 1 to 6 (DECSCUSR).
    var cursorStyle: Int?
    /// First and last row that scroll, from 1.
    var region: [Int]?
    /// What G0 and G1 stand for: the last byte of `ESC (` and `ESC )`.
    var graphics: [UInt8?] = [nil, nil]
    var isShifted = false
    /// The sequences since colours and styles were last reset.
    var pen: [UInt8] = []
    var title: [UInt8] = []
    /// Kitty's keyboard flags, as pushed on either screen.
    var keyboards: [[Int]] = [[], []]
    /// xterm's modifyOtherKeys.
    var otherKeys: Int?

    public init() {}

    /// Whether a program has the screen for itself.
    public var isAlternate: Bool { alternate != nil }

    /// Whether a paste comes with marks around it.
    public var marksPastes: Bool { changed.contains(2004) }

    mutating func apply(_ sequence: EscapeSequence) {
        switch sequence {
        case .control(0x0e): isShifted = true
        case .control(0x0f): isShifted = false
        case .control: break
        case .escape(let bytes): applyEscape(bytes)
        case .csi(let sequence): apply(sequence)
        case .text(UInt8(ascii: "]"), let content): applyTitle(content)
        case .text: break
        }
    }

    private mutating func applyEscape(_ bytes: [UInt8]) {
        switch (bytes.first, bytes.count) {
        case (UInt8(ascii: "c"), 1): self = ScreenModes()
        case (UInt8(ascii: "="), 1): keypadSends = true
        case (UInt8(ascii: ">"), 1): keypadSends = false
        case (UInt8(ascii: "("), 2): graphics[0] = bytes[1] == UInt8(ascii: "B") ? nil : bytes[1]
        case (UInt8(ascii: ")"), 2): graphics[1] = bytes[1] == UInt8(ascii: "B") ? nil : bytes[1]
        default: break
        }
    }

    private mutating func apply(_ sequence: ControlSequence) {
        let final = sequence.final
        switch sequence.marker {
        case nil: applyPlain(sequence)
        case UInt8(ascii: "?") where final == UInt8(ascii: "h") || final == UInt8(ascii: "l"):
            for mode in sequence.parameters { set(mode ?? 0, final == UInt8(ascii: "h")) }
        case UInt8(ascii: ">") where final == UInt8(ascii: "m"):
            guard sequence.parameter(0) == 4 else { return }
            let value = sequence.parameter(1)
            otherKeys = value == 0 ? nil : value
        case let marker? where final == UInt8(ascii: "u"): applyKeyboard(sequence, marker)
        default: break
        }
    }

    private mutating func applyPlain(_ sequence: ControlSequence) {
        switch (sequence.final, sequence.intermediates) {
        case (UInt8(ascii: "m"), []): draw(sequence)
        case (UInt8(ascii: "r"), []):
            let (top, bottom) = (sequence.parameter(0, default: 1), sequence.parameter(1))
            region = top <= 1 && bottom == 0 ? nil : [max(top, 1), bottom]
        case (UInt8(ascii: "h"), []), (UInt8(ascii: "l"), []):
            if sequence.parameters.contains(4) { inserts = sequence.final == UInt8(ascii: "h") }
        case (UInt8(ascii: "q"), [UInt8(ascii: " ")]):
            let style = sequence.parameter(0)
            cursorStyle = (1...6).contains(style) ? style : nil
        case (UInt8(ascii: "p"), [UInt8(ascii: "!")]): resetSoftly()
        default: break
        }
    }

    private mutating func set(_ mode: Int, _ isOn: Bool) {
        if Self.alternates.contains(mode) {
            alternate = isOn ? mode : nil
            // Whoever leaves it has given up what was pushed there.
            if !isOn { keyboards[1] = [] }
        } else if Self.followed.contains(mode) {
            if isOn == Self.onAtFirst.contains(mode) { changed.remove(mode) } else { changed.insert(mode) }
        }
    }

    /// DECSTR.
    private mutating func resetSoftly() {
        changed.subtract([1, 7, 25, 66])
        (keypadSends, inserts, region, isShifted, pen, graphics) = (false, false, nil, false, [], [nil, nil])
    }

    private mutating func draw(_ sequence: ControlSequence) {
        let parameters = sequence.parameters
        let resets = parameters.isEmpty || (parameters[0] ?? 0) == 0
        if resets { pen = [] }
        guard !resets || parameters.count > 1 else { return }
        let bytes = [0x1b, UInt8(ascii: "[")] + sequence.bytes
        // Who never resets sets all anew, sooner or later: the newest count.
        pen = pen.count + bytes.count > Self.maxPen ? bytes : pen + bytes
        if pen.count > Self.maxPen { pen = [] }
    }

    private mutating func applyTitle(_ content: [UInt8]) {
        guard let kind = content.first, [UInt8(ascii: "0"), UInt8(ascii: "2")].contains(kind),
            content.dropFirst().first == UInt8(ascii: ";")
        else { return }
        title = Array(content.dropFirst(2).filter { $0 >= 0x20 && $0 != 0x7f }.prefix(Self.maxTitle))
    }

    private mutating func applyKeyboard(_ sequence: ControlSequence, _ marker: UInt8) {
        let screen = isAlternate ? 1 : 0
        switch marker {
        case UInt8(ascii: ">"):
            if keyboards[screen].count == Self.maxKeyboards { keyboards[screen].removeFirst() }
            keyboards[screen].append(sequence.parameter(0))
        case UInt8(ascii: "<"):
            keyboards[screen].removeLast(min(max(sequence.parameter(0, default: 1), 1), keyboards[screen].count))
        default: break
        }
    }
}
