import KinTesting
import Testing

@testable import KinTerminal

@Suite struct OutputRingTests {
    @Test("what is kept is the newest, at the positions it had", arguments: [1, 7, 64])
    func newest(capacity: Int) {
        var ring = OutputRing(capacity: capacity)
        var all: [UInt8] = []
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<200 {
            let piece = (0..<Int.random(in: 0...(2 * capacity), using: &generator)).map { _ in
                UInt8.random(in: .min ... .max, using: &generator)
            }
            piece.withUnsafeBytes { ring.append($0) }
            all += piece
            #expect(ring.end == Int64(all.count))
            #expect(ring.start == Int64(max(all.count - capacity, 0)))
            #expect(ring.bytes(from: ring.start) == Array(all.suffix(capacity)))
            let middle = (ring.start + ring.end) / 2
            #expect(ring.bytes(from: middle, limit: 3) == Array(all[Int(middle)...].prefix(3)))
        }
    }

    @Test("a position that is gone, or not there yet, has no bytes")
    func outside() {
        var ring = OutputRing(capacity: 4)
        ring.append(Array("abcdef".utf8))
        #expect(ring.bytes(from: 1) == [])
        #expect(ring.bytes(from: 6) == [])
        #expect(ring.bytes(from: -1) == [])
        #expect(ring.bytes(from: 2) == Array("cdef".utf8))
    }
}

extension OutputRing {
    mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }
}
