/// Frames on a stream of bytes: each led by its length, four bytes, big-endian. What comes in pieces is put together.
public struct CallFrames: Sendable {
    /// Bytes that a length has.
    private static let headCount = 4
    /// Bytes of a frame for which room is made before they come: more is promised easily.
    private static let promisedRoom = 1 << 19

    /// Of the length of the frame that comes next, as far as they have come.
    private var head: [UInt8] = []
    /// The frame that comes next, as far as it has come.
    private var body: [UInt8] = []
    /// How many bytes it has; nil: `head` is not whole.
    private var length: Int?
    private let maxFrame: Int

    public init(maxFrame: Int = CallLimits.maxFrame) { self.maxFrame = maxFrame }

    /// Takes the next bytes of the stream.
    /// - Returns: the frames that are whole by now, in order.
    /// - Throws: `frame_too_large`; the stream cannot be read any further.
    public mutating func take(_ bytes: some Sequence<UInt8>) throws(WireError) -> [[UInt8]] {
        let frames =
            bytes.withContiguousStorageIfAvailable { bytes in
                Result { () throws(WireError) in try take(contiguous: bytes) }
            }
        if let frames { return try frames.get() }
        return try take(Array(bytes))
    }

    private mutating func take(contiguous bytes: UnsafeBufferPointer<UInt8>) throws(WireError) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        var rest = bytes[...]
        while let length = try length(from: &rest) {
            let part = rest.prefix(length - body.count)
            body.append(contentsOf: part)
            rest = rest.dropFirst(part.count)
            guard body.count == length else { break }
            frames.append(body)
            (head, body, self.length) = ([], [], nil)
        }
        return frames
    }

    /// The length of the frame that comes next; nil: it has not come yet.
    private mutating func length(from bytes: inout Slice<UnsafeBufferPointer<UInt8>>) throws(WireError) -> Int? {
        if let length { return length }
        while head.count < Self.headCount, let byte = bytes.popFirst() { head.append(byte) }
        guard head.count == Self.headCount else { return nil }
        let length = head.reduce(0) { $0 << 8 | Int($1) }
        guard length <= maxFrame else {
            throw WireError(code: "frame_too_large", message: "a frame has at most \(maxFrame) bytes")
        }
        self.length = length
        body.reserveCapacity(min(length, Self.promisedRoom))
        return length
    }
}
