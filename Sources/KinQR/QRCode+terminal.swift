extension QRCode {
    /// Modules around the code that must be light: the standard says 4, and readers are content with 2.
    public static let margin = 2

    /// The code for a terminal, two rows of modules in a line of half blocks.
    ///
    /// - Parameter isColoured: dark on light by the terminal's colours, whatever they are otherwise. Else what is light is drawn and what is dark is left, as it
    ///   is right for light text on a dark ground; most readers take the reverse too.
    public func terminalText(isColoured: Bool) -> String {
        var text = ""
        for row in stride(from: -Self.margin, to: size + Self.margin, by: 2) {
            let line = (-Self.margin..<size + Self.margin).map { column in
                let (upper, lower) = (isLight(row, column), isLight(row + 1, column))
                return Self.block(upper, lower)
            }
            text += isColoured ? Self.whiteOnBlack + String(line) + Self.plain : String(line)
            text += "\n"
        }
        return text
    }

    /// Of the 256 colours those that no theme changes: 231 and 16.
    private static let whiteOnBlack = "\u{1b}[38;5;231;48;5;16m"
    private static let plain = "\u{1b}[0m"

    private func isLight(_ row: Int, _ column: Int) -> Bool {
        // Below an odd number of rows the last line's lower half belongs to nothing.
        row < size + Self.margin && !isDark(row: row, column: column)
    }

    private static func block(_ upper: Bool, _ lower: Bool) -> Character {
        switch (upper, lower) {
        case (true, true): "█"
        case (true, false): "▀"
        case (false, true): "▄"
        case (false, false): " "
        }
    }
}
