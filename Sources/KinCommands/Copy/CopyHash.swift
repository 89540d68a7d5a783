import KinCrypto
import Synchronization

/// The SHA-256 of a file whose chunks come in any order, and go again from a chunk that did not arrive.
final class CopyHash: Sendable {
    private struct State {
        /// Of the bytes before `end`; nil where they were not seen.
        var stream: SHA256Stream?
        var end: Int64 = 0
        /// Chunks behind a gap.
        var early: [Int64: [UInt8]] = [:]
        /// The hash before each of the last chunks.
        var marks: [(offset: Int64, stream: SHA256Stream)] = []
    }

    /// More than chunks are ever under way.
    private static let maxMarks = 128

    private let state = Mutex(State())

    /// Begins behind bytes whose hash is known, or is not.
    func begin(at offset: Int64, _ stream: SHA256Stream?) {
        state.withLock { $0 = State(stream: stream, end: offset) }
    }

    func add(_ bytes: [UInt8], at offset: Int64) {
        state.withLock { state in
            guard state.stream != nil, offset >= state.end else { return }
            state.early[offset] = bytes
            while let bytes = state.early.removeValue(forKey: state.end), let stream = state.stream {
                if state.marks.count == Self.maxMarks { state.marks.removeFirst() }
                state.marks.append((state.end, stream))
                state.stream?.update(bytes)
                state.end += Int64(bytes.count)
            }
        }
    }

    /// Goes back to where the target is.
    /// - Returns: where the next chunk begins: at most one chunk before `offset`, so that none is hashed in halves.
    func goOn(at offset: Int64) -> Int64 {
        state.withLock { state in
            state.early = [:]
            if offset == state.end { return offset }
            guard state.stream != nil, offset < state.end,
                let index = state.marks.lastIndex(where: { $0.offset <= offset })
            else {
                state = State(stream: nil, end: offset)
                return offset
            }
            let mark = state.marks[index]
            state.marks.removeSubrange(index...)
            (state.stream, state.end) = (mark.stream, mark.offset)
            return mark.offset
        }
    }

    /// Of everything; nil where not all of it was seen.
    var digest: [UInt8]? { state.withLock { $0.stream?.digest } }
}
