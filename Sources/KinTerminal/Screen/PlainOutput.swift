/// A terminal's output without what only a terminal can use: no sequence, and no carriage return before a line feed.
public struct PlainOutput: Sendable {
    private var parser = EscapeParser()
    private var endedInReturn = false

    public init() {}

    /// - Parameter bytes: as they come, cut anywhere.
    public mutating func text(_ bytes: [UInt8]) -> [UInt8] {
        var shown: [UInt8] = []
        shown.reserveCapacity(bytes.count + 1)
        var rest = bytes[...]
        while !rest.isEmpty {
            let text = parser.passText(rest)
            for byte in text { show(byte, &shown) }
            rest = rest.dropFirst(text.count)
            if let next = rest.popFirst() { _ = parser.parse([next]) }
        }
        return shown
    }

    private mutating func show(_ byte: UInt8, _ shown: inout [UInt8]) {
        if endedInReturn && byte != UInt8(ascii: "\n") { shown.append(UInt8(ascii: "\r")) }
        endedInReturn = byte == UInt8(ascii: "\r")
        if !endedInReturn { shown.append(byte) }
    }
}
