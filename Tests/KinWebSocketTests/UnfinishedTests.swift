import KinWebSocket
import NIOCore
import Testing

@Suite("Messages that are not finished")
struct UnfinishedTests {
    private let limits = WebSocketLimits(maxMessageBytes: 1 << 18, messageWithin: .seconds(10))

    /// The beginning of a frame of 65,535 bytes, masked as a client's.
    private func beginning(_ count: Int) -> ByteBuffer {
        var bytes = ByteBuffer(bytes: [0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0])
        bytes.writeRepeatingByte(7, count: count)
        return bytes
    }

    @Test("what is held is told: of fragments, of half a frame, of both, and nothing when it is whole")
    func told() throws {
        let bench = try PipelineBench(.server, limits: limits)
        try bench.receive(bench.frame(.binary, bytes: ByteBuffer(repeating: 1, count: 200_000), fin: false))
        try bench.receive(bench.frame(.ping))
        var half = ByteBuffer(bytes: [0x80, 0xfe, 0, 200, 0, 0, 0, 0])
        half.writeRepeatingByte(7, count: 150)
        try bench.receive(half)
        try bench.receive(ByteBuffer(repeating: 7, count: 50))
        #expect(bench.heard.unfinished == [200_000, 200_150, 0])
        #expect(bench.heard.messages.map(\.byteCount) == [200_200])
        try bench.receive(bench.frame(.text, "whole"))
        #expect(bench.heard.unfinished.count == 3)
    }

    @Test(
        "a message that is not whole after 10 seconds is closed with 1008, though bytes and pings come",
        arguments: [true, false])
    func slow(inFragments: Bool) throws {
        let bench = try PipelineBench(.server, limits: limits)
        if inFragments {
            try bench.receive(bench.frame(.binary, bytes: ByteBuffer(repeating: 1, count: 100), fin: false))
        } else {
            try bench.receive(beginning(100))
        }
        for _ in 0..<9 {
            bench.advance(.seconds(1))
            if inFragments {
                try bench.receive(bench.frame(.continuation, "x", fin: false), bench.frame(.ping))
            } else {
                try bench.receive(ByteBuffer(bytes: [7]))
            }
        }
        _ = try bench.sent()
        bench.advance(.milliseconds(999))
        #expect(try bench.sent().isEmpty)
        bench.advance(.milliseconds(1))
        #expect(try bench.sent().map { $0.farewell.code } == [1008])
        bench.advance(.seconds(2))
        #expect(bench.heard.closures == [.init(code: 1008, reason: "message_unfinished", origin: .local)])
    }

    @Test("each message has its own time, and none runs between two")
    func each() throws {
        let bench = try PipelineBench(.server, limits: limits)
        for _ in 0..<5 {
            try bench.receive(beginning(65_500))
            bench.advance(.seconds(9))
            var rest = ByteBuffer(repeating: 7, count: 35)
            rest.writeImmutableBuffer(beginning(10))
            try bench.receive(rest)
            bench.advance(.seconds(9))
            try bench.receive(ByteBuffer(repeating: 7, count: 65_525))
            bench.advance(.seconds(30))
        }
        #expect(bench.channel.isActive && bench.heard.messages.count == 10)
    }

    @Test("what does not come while nothing is read is not the peer's doing")
    func held() throws {
        let bench = try PipelineBench(.server, limits: limits)
        try bench.receive(beginning(10))
        bench.advance(.seconds(9))
        bench.connection.pauseReading()
        bench.advance(.seconds(100))
        bench.connection.resumeReading()
        bench.advance(.milliseconds(9_999))
        #expect(try bench.sent().allSatisfy { $0.opcode == .ping })
        bench.advance(.milliseconds(1))
        #expect(try bench.sent().map { $0.farewell.code } == [1008])
    }

    @Test("without a limit none is kept")
    func unlimited() throws {
        let bench = try PipelineBench(.client, limits: .init(maxMessageBytes: 1024, deadAfter: .hours(1)))
        try bench.receive(bench.frame(.binary, "x", fin: false))
        bench.advance(.minutes(50))
        #expect(bench.channel.isActive)
    }
}
