import CPTY

/// What one terminal put out lately, and where in it a screen can begin.
///
/// It keeps bytes, not a screen: a program's output is played again from a place where the terminal's modes are known. That shows the same where the screen
/// was cleared since then, or where the program draws itself again when it is told of a new size, as full-screen programs do. What it cannot do: bring back
/// what was drawn before the oldest byte that is kept, place what a program drew at the cursor's old place where no clearing is in reach, or know how a
/// terminal of another size would have broken the lines.
package struct ScreenRecord {
    /// A place between characters and sequences.
    fileprivate struct Mark {
        var position: Int64
        var modes: ScreenModes
    }

    /// Marks are at least so far apart.
    private static let markDistance: Int64 = 4096

    private(set) var ring: OutputRing
    package private(set) var modes = ScreenModes()
    private var parser = EscapeParser()
    /// In order.
    private var marks = [Mark(position: 0, modes: ScreenModes())]
    /// Where the normal screen was cleared last, where the alternate one was entered, and where that was cleared last.
    private var normalClear: Mark?
    private var alternateStart: Mark?
    private var alternateClear: Mark?

    package init(capacity: Int) { ring = OutputRing(capacity: capacity) }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        let start = ring.end
        var search = MarkSearch(
            bytes, start: start, isNeeded: start + Int64(bytes.count) - lastMark >= Self.markDistance)
        var text = parser.isBetween ? start : nil
        for sequence in parser.parse(bytes) {
            if let text { search.look(text..<sequence.range.lowerBound, modes) }
            apply(sequence)
            text = sequence.range.upperBound
        }
        if let text { search.look(text..<(parser.unfinished ?? parser.position), modes) }
        ring.append(bytes)
        if let mark = search.best, mark.position - lastMark >= Self.markDistance { marks.append(mark) }
        if let first = marks.first, first.position < ring.start { marks.removeAll { $0.position < ring.start } }
    }

    /// The positions of the bytes that are still there.
    package var kept: Range<Int64> { ring.start..<ring.end }

    private var lastMark: Int64 { marks.last?.position ?? .min / 2 }

    package mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

    private mutating func apply(_ found: EscapeParser.Found) {
        let before = Mark(position: found.range.lowerBound, modes: modes)
        modes.apply(found.sequence)
        if modes.isAlternate != before.modes.isAlternate {
            if modes.isAlternate { (alternateStart, alternateClear) = (before, nil) }
        } else if found.sequence.clears {
            if modes.isAlternate { alternateClear = before } else { normalClear = before }
        }
    }

    /// The screen as far as the bytes tell: a prologue, and output since a place to begin, without what a terminal would answer or ring for.
    /// Output goes on at `position`.
    package func screen() -> (bytes: [UInt8], position: Int64) {
        let mark = beginning
        var parser = EscapeParser(position: mark.position)
        let output = ring.bytes(from: mark.position)
        var bytes = mark.modes.bytesToEnter
        var next = mark.position
        for found in parser.parse(output) where found.sequence.isForNowOnly {
            bytes += output[Int(next - mark.position)..<Int(found.range.lowerBound - mark.position)]
            next = found.range.upperBound
        }
        bytes += output[Int(next - mark.position)...]
        return (bytes, ring.end)
    }

    /// The first place from `position` on where output can be shown as it is; the end where there is none.
    package func readable(from position: Int64) -> Int64 {
        if position >= ring.start { return min(position, ring.end) }
        return marks.first?.position ?? ring.end
    }

    private var beginning: Mark {
        func kept(_ mark: Mark?) -> Mark? { mark.flatMap { $0.position >= ring.start ? $0 : nil } }
        let oldest = marks.first ?? Mark(position: ring.end, modes: modes)
        guard modes.isAlternate else { return kept(normalClear) ?? oldest }
        // With the normal screen below it where that is still there, for the program's end.
        if kept(alternateStart) != nil { return kept(normalClear) ?? oldest }
        return kept(alternateClear) ?? oldest
    }
}

/// Looks for the last place in a piece of output where a screen can begin: a line's beginning, or else whatever is between characters and sequences.
private struct MarkSearch {
    private let bytes: UnsafeRawBufferPointer
    private let start: Int64
    private let isNeeded: Bool
    private var line: ScreenRecord.Mark?
    private var other: ScreenRecord.Mark?

    init(_ bytes: UnsafeRawBufferPointer, start: Int64, isNeeded: Bool) {
        self.bytes = bytes
        self.start = start
        self.isNeeded = isNeeded
    }

    var best: ScreenRecord.Mark? { line ?? other }

    /// - Parameters:
    ///   - range: text without sequences; what began in an earlier piece, a sequence excepted, is not in it.
    ///   - modes: as they are there.
    mutating func look(_ range: Range<Int64>, _ modes: ScreenModes) {
        guard isNeeded, range.lowerBound >= start else { return }
        let text = UnsafeRawBufferPointer(
            rebasing: bytes[Int(range.lowerBound - start)..<Int(range.upperBound - start)])
        let lines = text.baseAddress.map { cpty_lines($0.assumingMemoryBound(to: UInt8.self), text.count) } ?? 0
        if lines > 0 {
            line = ScreenRecord.Mark(position: range.lowerBound + Int64(lines), modes: modes)
        } else if range.lowerBound > start {
            other = ScreenRecord.Mark(position: range.lowerBound, modes: modes)
        } else if let first = text.firstIndex(where: { $0 & 0xc0 != 0x80 }) {
            // The piece may begin within a character.
            other = ScreenRecord.Mark(position: start + Int64(first), modes: modes)
        }
    }
}

extension EscapeSequence {
    /// Whether nothing that was on the screen is there any more.
    fileprivate var clears: Bool {
        switch self {
        case .csi(let sequence):
            sequence.final == UInt8(ascii: "J") && sequence.marker == nil && sequence.parameter(0) == 2
        case .escape(let bytes): bytes == [UInt8(ascii: "c")]
        default: false
        }
    }

    /// Whether it is not to be played again.
    fileprivate var isForNowOnly: Bool { asksForAnswer || self == .control(0x07) }
}
