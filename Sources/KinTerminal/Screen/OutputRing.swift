/// The newest bytes of a stream, each at its position from the stream's beginning.
struct OutputRing {
    let capacity: Int
    /// Grows to `capacity`, and wraps from then on: the byte at position p stands at p modulo `capacity`.
    private var storage: [UInt8] = []
    /// Of the next byte.
    private(set) var end: Int64 = 0

    init(capacity: Int) { self.capacity = max(capacity, 1) }

    /// Of the oldest byte that is still there.
    var start: Int64 { end - Int64(storage.count) }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        while !rest.isEmpty {
            let index = Int(end % Int64(capacity))
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(capacity - index))
            if index == storage.count {
                storage.append(contentsOf: piece)
            } else {
                storage.withUnsafeMutableBytes { room in
                    UnsafeMutableRawBufferPointer(rebasing: room[index..<(index + piece.count)]).copyMemory(from: piece)
                }
            }
            end += Int64(piece.count)
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
        }
    }

    /// At most `limit` bytes from a position that is still there; nothing from any other.
    func bytes(from position: Int64, limit: Int = .max) -> [UInt8] {
        guard position >= start, position < end else { return [] }
        let count = min(Int(end - position), limit)
        let index = Int(position % Int64(capacity))
        let tail = storage[index...].prefix(count)
        return Array(tail) + storage.prefix(count - tail.count)
    }
}
