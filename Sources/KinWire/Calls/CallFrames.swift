/// Frames on a stream of bytes: each led by its length, four bytes, big-endian. What comes in pieces is put together.
public struct CallFrames: Sendable {
    private var held: [UInt8] = []
    private let maxFrame: Int

    public init(maxFrame: Int = CallLimits.maxFrame) { self.maxFrame = maxFrame }

    /// A frame as it goes onto the stream.
    public static func led(_ frame: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt32(frame.count).bigEndian) { Array($0) } + frame
    }

    /// Takes the next bytes of the stream.
    /// - Returns: the frames that are whole by now, in order.
    /// - Throws: `frame_too_large`; the stream cannot be read any further.
    public mutating func take(_ bytes: some Sequence<UInt8>) throws(WireError) -> [[UInt8]] {
        held += bytes
        var frames: [[UInt8]] = []
        var place = 0
        while held.count - place >= 4 {
            let length = held[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
            guard length <= maxFrame else {
                throw WireError(code: "frame_too_large", message: "a frame has at most \(maxFrame) bytes")
            }
            guard held.count - place - 4 >= length else { break }
            frames.append(Array(held[(place + 4)..<(place + 4 + length)]))
            place += 4 + length
        }
        held.removeFirst(place)
        return frames
    }
}
