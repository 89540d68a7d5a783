import KinEncoding
import KinTesting
import Testing

@Suite struct FrameTests {
    @Test("header and body come back as they went in")
    func roundTrip() throws {
        let frame = Frame.encode(header: [1, 2, 3], body: [4, 5])
        #expect(frame == [0, 0, 0, 3, 1, 2, 3, 4, 5])
        let (header, body) = try Frame.split(frame, maxHeaderBytes: 3)
        #expect(Array(header) == [1, 2, 3])
        #expect(Array(body) == [4, 5])
    }

    @Test("header and body may be empty")
    func empty() throws {
        let (header, body) = try Frame.split([0, 0, 0, 0], maxHeaderBytes: 0)
        #expect(header.isEmpty && body.isEmpty)
    }

    @Test(
        "bytes that end early are refused",
        arguments: [[], [0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 3, 1, 2]] as [[UInt8]])
    func truncated(bytes: [UInt8]) {
        let error = #expect(throws: EncodingError.self) { try Frame.split(bytes, maxHeaderBytes: 100) }
        #expect(error?.code == "frame_truncated")
    }

    @Test("a header over the limit is refused, however long it claims to be")
    func tooLarge() {
        for bytes: [UInt8] in [[0, 0, 0, 4, 1, 2, 3, 4], [0xff, 0xff, 0xff, 0xff]] {
            let error = #expect(throws: EncodingError.self) { try Frame.split(bytes, maxHeaderBytes: 3) }
            #expect(error?.code == "frame_header_too_large")
        }
    }

    @Test("what splits is what was encoded")
    func random() {
        var generator = SeededGenerator(seed: 6)
        for _ in 0..<5_000 {
            var bytes = generator.bytes(upTo: 40)
            if bytes.count >= 3 { bytes.replaceSubrange(0..<3, with: [0, 0, 0]) }
            guard let (header, body) = try? Frame.split(bytes, maxHeaderBytes: 32) else { continue }
            #expect(Frame.encode(header: Array(header), body: Array(body)) == bytes)
        }
    }
}
