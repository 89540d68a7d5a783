import KinEncoding
import KinTesting
import Testing

@testable import KinWire

/// Damaged frames: never a trap, and never two codecs of two minds.
@Suite struct FrameFuzzTests {
    static let alphabet = #"{}[],:"\ 0123456789abcdefnulltruefalse-+.eE"# + "\u{0}\u{7f}é"

    @Test("2,500 damaged frames are read or refused, and both codecs agree", arguments: 0..<10 as Range<UInt64>)
    func mutated(seed: UInt64) throws {
        let frames = try Vector.list("kindred/frames.json", "valid").map { try $0.hex("frame_hex") }
            .filter { $0.count < 4096 }
        var mutation = Mutation(seed: seed, alphabet: Self.alphabet)
        var generator = SeededGenerator(seed: seed &+ 1_000)
        var disagreements: [[UInt8]] = []
        var read = 0
        for _ in 0..<2_500 {
            let header = try mutation.damage(header(of: frames[generator.number(in: 0..<frames.count)]))
            let frame = generator.oneIn(8) ? mutation.damage(framed(header)) : framed(header)
            if (try? ReceivedFrame(frame)) != nil { read += 1 }
            if !codecsAgree(header[...]) { disagreements.append(header) }
        }
        #expect(disagreements.map { String(decoding: $0, as: UTF8.self) } == [])
        #expect(read > 0, "some damage must leave a sound frame, or nothing was compared")
    }

    @Test("values damaged in place still reach both codecs alike", arguments: 0..<4 as Range<UInt64>)
    func digits(seed: UInt64) throws {
        let headers = try FrameVectorTests.hotVectors().map { try $0.utf8("header") }.filter { $0.count < 2048 }
        var generator = SeededGenerator(seed: seed)
        var disagreements: [String] = []
        var fixedRead = 0
        for _ in 0..<2_500 {
            var header = headers[generator.number(in: 0..<headers.count)]
            let place = generator.number(in: 0..<header.count)
            let digits = Array("0123456789abcdefABCXYZ._:-".utf8)
            header[place] = digits[generator.number(in: 0..<digits.count)]
            if MeshFrame(fixedFieldHeader: header[...]) != nil { fixedRead += 1 }
            if !codecsAgree(header[...]) { disagreements.append(String(decoding: header, as: UTF8.self)) }
        }
        #expect(disagreements == [])
        #expect(fixedRead > 250)
    }

    @Test("random bytes are refused")
    func noise() {
        var generator = SeededGenerator(seed: 77)
        let accepted = (0..<5_000).filter { _ in
            let bytes = generator.bytes(generator.number(in: 0..<300))
            return (try? ReceivedFrame(bytes)) != nil || MeshFrame(fixedFieldHeader: bytes[...]) != nil
        }
        #expect(accepted.isEmpty)
    }

    /// Where the fixed codec reads, the general one reads the same; both write alike.
    private func codecsAgree(_ header: ArraySlice<UInt8>) -> Bool {
        let general = try? MeshFrame(generalHeader: header)
        let fixed = MeshFrame(fixedFieldHeader: header)
        if let fixed, fixed != general { return false }
        guard let general else { return true }
        guard general.generalHeader() == Array(header) else { return false }
        return general.fixedFieldHeader().map { $0 == Array(header) } ?? true
    }

    private func header(of frame: [UInt8]) throws -> [UInt8] {
        Array(try Frame.split(frame, maxHeaderBytes: MeshFrame.maxHeaderBytes).header)
    }

    private func framed(_ header: [UInt8]) -> [UInt8] {
        let body: [UInt8] = String(decoding: header, as: UTF8.self).contains("\"line\"") ? [1] : []
        return Frame.encode(header: header, body: body)
    }
}
