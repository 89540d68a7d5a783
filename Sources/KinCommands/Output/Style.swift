/// What a piece of text means, which a terminal shows as colour.
enum Tone: Hashable, Sendable {
    case plain, dim, good, bad, strong
}

/// Whether and how text is coloured: only on a terminal, and not where `NO_COLOR` (no-color.org) is set.
struct Style: Hashable, Sendable {
    let isColoured: Bool

    static let plain = Style(isColoured: false)

    init(isColoured: Bool) { self.isColoured = isColoured }

    init(of stream: any TextStream, environment: [String: String]) {
        isColoured =
            stream.isTerminal && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    }

    func paint(_ text: String, _ tone: Tone) -> String {
        guard isColoured, let code = Self.code(tone), !text.isEmpty else { return text }
        // The line's end stays outside, so that no colour runs into the next line.
        let body = text.hasSuffix("\n") ? text.dropLast() : text[...]
        return "\u{1b}[\(code)m\(body)\u{1b}[0m" + text[body.endIndex...]
    }

    private static func code(_ tone: Tone) -> String? {
        switch tone {
        case .plain: nil
        case .dim: "2"
        case .good: "32"
        case .bad: "31"
        case .strong: "1"
        }
    }
}
