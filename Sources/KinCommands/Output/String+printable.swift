extension String {
    /// The text with nothing in it that a terminal would obey: others wrote it, and escape sequences could hide or forge lines.
    ///
    /// Control characters become their pictures (U+2400 and on), C1 and the marks that reorder text U+FFFD.
    func printable(keepingLines: Bool) -> String {
        guard unicodeScalars.contains(where: { $0.isObeyed && !(keepingLines && $0 == "\n") }) else { return self }
        var text = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if !scalar.isObeyed || keepingLines && scalar == "\n" {
                text.append(scalar)
            } else if scalar.value < 0x20, let picture = UnicodeScalar(0x2400 + scalar.value) {
                text.append(picture)
            } else {
                text.append(scalar.value == 0x7f ? "\u{2421}" : "\u{fffd}")
            }
        }
        return String(text)
    }
}

extension UnicodeScalar {
    /// Controls but for the tab, and the bidirectional embeddings, overrides and isolates.
    fileprivate var isObeyed: Bool {
        switch value {
        case 0x09: false
        case 0..<0x20, 0x7f...0x9f, 0x202a...0x202e, 0x2066...0x2069: true
        default: false
        }
    }
}
