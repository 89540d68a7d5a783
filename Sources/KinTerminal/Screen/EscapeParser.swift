import CPTY

/// Finds the sequences in a terminal's output, wherever it is cut. Total: any byte leads somewhere, and what it holds is bounded.
package struct EscapeParser {
    /// A sequence, and where it stands in the stream: with one before it that it broke off, which would be whole again, with what follows, if this one
    /// were left out.
    package struct Found: Hashable, Sendable {
        package var sequence: EscapeSequence
        package var range: Range<Int64>
    }

    private enum State: Hashable {
        case ground, escape, control
        /// Until its terminator; by the byte behind ESC.
        case text(UInt8)
        /// After an ESC in a text.
        case textEscape(UInt8)
    }

    /// How much of a sequence is kept.
    private static let maxHeld = 1024

    private var state = State.ground
    private var held: [UInt8] = []
    private var begin: Int64 = 0
    /// Of the next byte.
    package private(set) var position: Int64

    package init(position: Int64 = 0) { self.position = position }

    /// Whether the next byte begins something of its own.
    var isBetween: Bool { state == .ground }

    /// Where what is not yet whole began; nil between sequences.
    var unfinished: Int64? { isBetween ? nil : begin }

    mutating func parse(_ bytes: UnsafeRawBufferPointer) -> [Found] {
        var found: [Found] = []
        var index = 0
        while index < bytes.count {
            index += skip(UnsafeRawBufferPointer(rebasing: bytes[index...]))
            guard index < bytes.count else { break }
            let byte = bytes[index]
            let sequence = take(byte)
            index += 1
            position += 1
            if let sequence { found.append(Found(sequence: sequence, range: begin..<position)) }
        }
        return found
    }

    package mutating func parse(_ bytes: [UInt8]) -> [Found] { bytes.withUnsafeBytes { parse($0) } }

    /// The bytes at the beginning that are shown as they are; they are passed over.
    mutating func passText(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard isBetween else { return [] }
        let count = bytes.withUnsafeBytes { skip($0) }
        return bytes.prefix(count)
    }

    /// Passes over what means nothing here: nearly all there is.
    private mutating func skip(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return 0 }
        switch state {
        case .ground:
            let count = cpty_span(base, bytes.count)
            position += Int64(count)
            return count
        case .text:
            let count = cpty_span(base, bytes.count)
            held += bytes.prefix(min(count, Self.maxHeld - held.count))
            position += Int64(count)
            return count
        default: return 0
        }
    }

    private mutating func take(_ byte: UInt8) -> EscapeSequence? {
        if byte == 0x18 || byte == 0x1a {
            state = .ground
            return nil
        }
        switch state {
        case .ground: return takeBetween(byte)
        case .escape: return takeAfterEscape(byte)
        case .control: return takeInControl(byte)
        case .text(let kind): return takeInText(byte, kind)
        case .textEscape(let kind):
            if byte == UInt8(ascii: "\\") { return end(.text(kind: kind, held)) }
            // The ESC ended the text, and begins a sequence of its own.
            enterEscape()
            return takeAfterEscape(byte)
        }
    }

    private mutating func takeBetween(_ byte: UInt8) -> EscapeSequence? {
        begin = position
        if byte == 0x1b {
            enterEscape()
            return nil
        }
        return .control(byte)
    }

    private mutating func takeAfterEscape(_ byte: UInt8) -> EscapeSequence? {
        switch byte {
        case 0x1b: enterEscape()
        case UInt8(ascii: "[") where held.isEmpty: state = .control
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "X"), UInt8(ascii: "^"), UInt8(ascii: "_"):
            guard held.isEmpty else { return end(.escape(held + [byte])) }
            state = .text(byte)
        case 0x20...0x2f: hold(byte)
        case 0x30...0x7e: return end(.escape(held + [byte]))
        case 0x00..<0x20: break
        default: state = .ground
        }
        return nil
    }

    private mutating func takeInControl(_ byte: UInt8) -> EscapeSequence? {
        switch byte {
        case 0x1b: enterEscape()
        case 0x20...0x3f: hold(byte)
        case 0x40...0x7e: return end(.csi(ControlSequence(bytes: held + [byte])))
        // Obeyed in passing.
        case 0x00..<0x20: break
        default: state = .ground
        }
        return nil
    }

    private mutating func takeInText(_ byte: UInt8, _ kind: UInt8) -> EscapeSequence? {
        switch byte {
        case 0x1b: state = .textEscape(kind)
        case 0x07 where kind == UInt8(ascii: "]"): return end(.text(kind: kind, held))
        default: hold(byte)
        }
        return nil
    }

    private mutating func enterEscape() {
        state = .escape
        held.removeAll(keepingCapacity: true)
    }

    private mutating func hold(_ byte: UInt8) {
        if held.count < Self.maxHeld { held.append(byte) }
    }

    private mutating func end(_ sequence: EscapeSequence) -> EscapeSequence {
        state = .ground
        held.removeAll(keepingCapacity: true)
        return sequence
    }
}
