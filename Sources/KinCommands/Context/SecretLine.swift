import KinCrypto
import KinWire

/// One line as it is typed key by key into guarded memory, with the corrections a terminal allows.
struct SecretLine {
    enum Step: Hashable, Sendable {
        case more, done, interrupted, ended, full
    }

    private let buffer: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(into buffer: UnsafeMutableRawBufferPointer) { self.buffer = buffer }

    /// - Parameter nextKey: one byte from the keyboard; nil at the end of input.
    static func read(limit: Int, nextKey: () -> UInt8?) throws -> SecretBytes {
        var count = 0
        let room = try SecretBytes(count: limit) { buffer in
            var line = SecretLine(into: buffer)
            while true {
                switch nextKey().map({ line.press($0) }) ?? .ended {
                case .more: continue
                case .interrupted: throw KinError.interrupted
                case .full: throw KinError.inputTooLarge(limit)
                case .ended: throw KinError.inputEnded
                case .done:
                    count = line.count
                    return
                }
            }
        }
        return room.withBytes { SecretBytes(copying: $0.prefix(count)) }
    }

    mutating func press(_ key: UInt8) -> Step {
        switch key {
        case 0x0a, 0x0d: return .done
        case 0x03: return .interrupted
        // Control-D ends an empty line only.
        case 0x04: return count == 0 ? .ended : .done
        case 0x08, 0x7f: eraseLast()
        // Control-U begins the line again.
        case 0x15: count = 0
        case 0x00..<0x20 where key != 0x09: break
        default:
            guard count < buffer.count else { return .full }
            buffer[count] = key
            count += 1
        }
        return .more
    }

    /// A whole character of UTF-8.
    private mutating func eraseLast() {
        while count > 0 {
            count -= 1
            if buffer[count] & 0xc0 != 0x80 { return }
        }
    }
}
