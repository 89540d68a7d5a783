/// What a person tells `kin attach` itself.
enum AttachKeyCommand: Hashable, Sendable {
    case detach, next, previous, help, suspend
    /// Asks whether to close what is shown; `close` and `keep` answer.
    case askToClose, close, keep
    /// From 0.
    case show(Int)
}

/// Tells what is typed for the program from what is typed for `kin attach`: a pure state machine over the bytes that a terminal sends.
///
/// The escape key says that the next key is a command. One that is none goes to the program, and the escape key before it. What is pasted holds no commands,
/// where the terminal marks pastes. Programs that switch the terminal to reporting keys as numbers (kitty's protocol, xterm's modifyOtherKeys) do not hide
/// the escape key.
struct AttachKeys {
    enum Output: Hashable {
        case typed([UInt8])
        case command(AttachKeyCommand)
    }

    private enum State: Hashable {
        case plain
        /// The escape key was pressed: as it came.
        case escaped([UInt8])
        case asking
    }

    private static let pasteBegins = Array("\u{1b}[200~".utf8)
    private static let pasteEnds = Array("\u{1b}[201~".utf8)

    let escape: EscapeKey?
    private var state = State.plain
    private var isPasting = false
    /// Bytes of the mark around a paste that have come, however they were cut: each is the program's, and goes there at once.
    private var marked = 0
    private var typed: [UInt8] = []
    private var outputs: [Output] = []

    init(escape: EscapeKey?) { self.escape = escape }

    mutating func take(_ bytes: [UInt8]) -> [Output] {
        guard let escape else { return bytes.isEmpty ? [] : [.typed(bytes)] }
        defer { outputs = [] }
        var rest = bytes[...]
        while let first = rest.first {
            if isPasting, state == .plain {
                pass([rest.removeFirst()])
                continue
            }
            let key = ReportedKey(rest)
            let raw = Array(rest.prefix(key?.length ?? 1))
            rest = rest.dropFirst(raw.count)
            // Of a key's release nobody waits to hear but the program.
            if let key, key.isRelease {
                if state == .plain { pass(raw) }
                continue
            }
            let isEscape = key.map { $0.isControl && $0.code == Int(escape.character) } ?? (first == escape.byte)
            // A sequence of another kind is no key of ours, whatever its bytes.
            let code = key?.code ?? (first == 0x1b ? nil : Int(first))
            press(raw, code: code, isEscape: isEscape)
        }
        flush()
        return outputs
    }

    /// For the program.
    private mutating func pass(_ bytes: [UInt8]) {
        typed += bytes
        for byte in bytes {
            let mark = isPasting ? Self.pasteEnds : Self.pasteBegins
            // ESC stands nowhere in a mark but at its beginning.
            marked = byte == mark[marked] ? marked + 1 : byte == mark[0] ? 1 : 0
            guard marked == mark.count else { continue }
            isPasting.toggle()
            marked = 0
        }
    }

    private mutating func press(_ raw: [UInt8], code: Int?, isEscape: Bool) {
        switch state {
        case .plain:
            if isEscape { state = .escaped(raw) } else { pass(raw) }
        case .escaped(let prefix):
            state = .plain
            if isEscape || code == Int(UInt8(ascii: "]")) { return pass(prefix) }
            guard let command = Self.command(code) else { return pass(prefix + raw) }
            if command == .askToClose { state = .asking }
            say(command)
        case .asking:
            state = .plain
            say(code == Int(UInt8(ascii: "y")) ? .close : .keep)
        }
    }

    private mutating func say(_ command: AttachKeyCommand) {
        flush()
        outputs.append(.command(command))
    }

    private mutating func flush() {
        if !typed.isEmpty { outputs.append(.typed(typed)) }
        typed = []
    }

    /// As users of ssh (`~.`), screen and tmux (`d`, `n`, `p`, digits) expect.
    private static func command(_ code: Int?) -> AttachKeyCommand? {
        guard let code, let key = UInt8(exactly: code) else { return nil }
        switch key {
        case UInt8(ascii: "d"), UInt8(ascii: "."): return .detach
        case UInt8(ascii: "n"), UInt8(ascii: " "): return .next
        case UInt8(ascii: "p"): return .previous
        case UInt8(ascii: "1")...UInt8(ascii: "9"): return .show(Int(key - UInt8(ascii: "1")))
        case UInt8(ascii: "?"): return .help
        case UInt8(ascii: "z"), 0x1a: return .suspend
        case UInt8(ascii: "k"), UInt8(ascii: "x"): return .askToClose
        default: return nil
        }
    }
}

/// A key that a terminal reports as a number: `CSI code ; modifiers : event u`, or `CSI 27 ; modifiers ; code ~`.
struct ReportedKey: Hashable {
    let code: Int
    let length: Int
    let isControl: Bool
    let isRelease: Bool

    /// nil unless one stands whole at the beginning.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.starts(with: [0x1b, UInt8(ascii: "[")]) else { return nil }
        let body = bytes.dropFirst(2).prefix(32).prefix { (0x30...0x3b).contains($0) }
        guard let final = bytes.dropFirst(2 + body.count).first, !body.isEmpty else { return nil }
        let fields = body.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map { field in
            field.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map { digits in
                digits.count <= 7 ? digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } : 0
            }
        }
        let modifiers = (fields.count > 1 ? fields[1].first ?? 1 : 1) - 1
        switch final {
        case UInt8(ascii: "u"): code = fields[0].first ?? 0
        case UInt8(ascii: "~") where fields.count == 3 && fields[0] == [27]: code = fields[2].first ?? 0
        default: return nil
        }
        length = 2 + body.count + 1
        // Caps and number lock count as modifiers too.
        isControl = modifiers & ~0xc0 == 4
        isRelease = fields.count > 1 && fields[1].count > 1 && fields[1][1] == 3
    }
}
