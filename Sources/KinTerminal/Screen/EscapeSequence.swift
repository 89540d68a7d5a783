/// What a terminal obeys rather than shows (ECMA-48; xterm's control sequences).
package enum EscapeSequence: Hashable, Sendable {
    /// One of ENQ, BEL, SO, SI.
    case control(UInt8)
    /// ESC, intermediate bytes and the last one: without the ESC.
    case escape([UInt8])
    /// CSI: without its introducer.
    case csi(ControlSequence)
    /// OSC, DCS, SOS, PM or APC by the byte behind ESC, and how its content begins.
    case text(kind: UInt8, [UInt8])

    /// Whether a terminal answers it, as if the person had typed the answer.
    package var asksForAnswer: Bool {
        switch self {
        case .control(let byte): byte == 0x05
        case .escape(let bytes): bytes == [UInt8(ascii: "Z")]
        case .csi(let sequence): sequence.asksForAnswer
        case .text(let kind, let content):
            switch kind {
            // Colours, selections and the like are asked for by a question mark in the place of the value.
            case UInt8(ascii: "]"): content.contains(UInt8(ascii: "?")) && !Self.isText(content)
            case UInt8(ascii: "P"): content.starts(with: "$q".utf8) || content.starts(with: "+q".utf8)
            // Pictures by kitty's protocol are acknowledged.
            case UInt8(ascii: "_"): content.starts(with: "G".utf8)
            default: false
            }
        }
    }

    /// Titles, the working folder and links: what stands there is anybody's words.
    private static func isText(_ content: [UInt8]) -> Bool {
        let kind = content.prefix { $0 != UInt8(ascii: ";") }
        return ["0", "1", "2", "7", "8"].contains { kind.elementsEqual($0.utf8) }
    }
}

/// What follows `ESC [`: parameters, intermediate bytes, and the byte that says what to do.
package struct ControlSequence: Hashable, Sendable {
    /// As it was written, the last byte included.
    let bytes: [UInt8]

    /// `<`, `=`, `>` or `?`, where it begins so.
    var marker: UInt8? { bytes.first.flatMap { (0x3c...0x3f).contains($0) ? $0 : nil } }
    var final: UInt8 { bytes.last ?? 0 }
    var intermediates: [UInt8] { bytes.filter { (0x20...0x2f).contains($0) } }

    /// nil where one was left out. Of what stands behind a colon only the first counts.
    var parameters: [Int?] {
        let text = bytes.filter { (0x30...0x3b).contains($0) }
        guard !text.isEmpty else { return [] }
        return text.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).prefix(32).map { part in
            let digits = part.prefix { $0 != UInt8(ascii: ":") }
            // Longer ones mean nothing to any terminal.
            guard !digits.isEmpty, digits.count <= 6 else { return nil }
            return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        }
    }

    func parameter(_ index: Int, default value: Int = 0) -> Int {
        let all = parameters
        return index < all.count ? all[index] ?? value : value
    }

    fileprivate var asksForAnswer: Bool {
        switch final {
        // Device attributes and status, DECREQTPARM.
        case UInt8(ascii: "c"), UInt8(ascii: "n"), UInt8(ascii: "x"): true
        // XTVERSION.
        case UInt8(ascii: "q"): marker == UInt8(ascii: ">")
        // DECRQM.
        case UInt8(ascii: "p"): intermediates.contains(UInt8(ascii: "$"))
        // The keyboard's flags.
        case UInt8(ascii: "u"): marker == UInt8(ascii: "?")
        // Reports of windows: sizes, title.
        case UInt8(ascii: "t"): marker == nil && [11, 13, 14, 15, 16, 18, 19, 20, 21].contains(parameter(0))
        // Graphics attributes.
        case UInt8(ascii: "S"): marker == UInt8(ascii: "?")
        default: false
        }
    }
}
