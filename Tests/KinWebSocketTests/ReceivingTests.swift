import KinWebSocket
import NIOCore
import NIOWebSocket
import Testing

@Suite("What a connection receives")
struct ReceivingTests {
    @Test("the messages of one read come in order and are followed by one completed read")
    func burst() throws {
        let bench = try PipelineBench(.server)
        try bench.receive(bench.frame(.text, "a"), bench.frame(.binary, "b"), bench.frame(.text, "c"))
        try bench.receive(bench.frame(.text, "d"))
        #expect(bench.heard.messages == [.text("a"), .binary(ByteBuffer(string: "b")), .text("c"), .text("d")])
        #expect(bench.heard.reads == [3, 1])
    }

    @Test("answers sent during a read leave in one flush after it")
    func coalescing() throws {
        let bench = try PipelineBench(.server, delegate: .echo())
        let before = bench.dam.flushes
        try bench.receive(bench.frame(.text, "a"), bench.frame(.text, "b"), bench.frame(.text, "c"))
        #expect(try bench.sent().map(\.text) == ["a", "b", "c"])
        #expect(bench.dam.flushes - before == 1)
    }

    @Test("fragments become one message, with control frames between them answered")
    func fragments() throws {
        for role in [WebSocketRole.client, .server] {
            let bench = try PipelineBench(role)
            try bench.receive(bench.frame(.text, "gr", fin: false), bench.frame(.ping, "still there?"))
            try bench.receive(bench.frame(.continuation, "ü", fin: false), bench.frame(.continuation, "n"))
            #expect(bench.heard.messages == [.text("grün")])
            let pong = try #require(try bench.sent().first)
            #expect(pong.opcode == .pong && pong.text == "still there?")
        }
    }

    @Test("a character split between fragments is whole again")
    func splitCharacter() throws {
        let bench = try PipelineBench(.server)
        let bytes = ByteBuffer(string: "€")
        let (head, tail) = (bytes.getSlice(at: 0, length: 1), bytes.getSlice(at: 1, length: 2))
        try bench.receive(bench.frame(.text, bytes: try #require(head), fin: false))
        try bench.receive(bench.frame(.continuation, bytes: try #require(tail)))
        #expect(bench.heard.messages == [.text("€")])
    }

    @Test("of a flood of pings only the newest is answered")
    func pingFlood() throws {
        let bench = try PipelineBench(.server)
        try bench.receive(bench.frame(.ping, "1"), bench.frame(.ping, "2"), bench.frame(.ping, "3"))
        #expect(try bench.sent().map(\.text) == ["3"])
    }

    @Test("a message of exactly the limit passes")
    func limit() throws {
        let bench = try PipelineBench(.server, limits: .init(maxMessageBytes: 10))
        try bench.receive(bench.frame(.text, "0123456789"), bench.frame(.text, "01234", fin: false))
        try bench.receive(bench.frame(.continuation, "56789"))
        #expect(bench.heard.texts == ["0123456789", "0123456789"])
        #expect(try bench.sent().isEmpty)
    }

    @Test("what breaks the protocol is closed with the code for it", arguments: Violation.all)
    func violations(_ violation: Violation) throws {
        let bench = try PipelineBench(.server, limits: .init(maxMessageBytes: 200))
        for frame in violation.frames(bench) { try bench.receive(frame) }
        let frames = try bench.sent()
        #expect(frames.map(\.opcode) == [.connectionClose])
        #expect(frames.first?.farewell.code == violation.code)
        try bench.receive(bench.closeFrame(violation.code))
        bench.advance(.seconds(2))
        #expect(!bench.channel.isActive)
        #expect(bench.heard.closures.map(\.code) == [violation.code])
        #expect(bench.heard.closures.map(\.origin) == [.lost])
        #expect(bench.heard.closures.first?.reason.isEmpty == false)
        #expect(bench.heard.messages.isEmpty)
    }

    @Test("a server's masked frame is closed with 1002")
    func maskedServerFrame() throws {
        let bench = try PipelineBench(.client)
        var frame = bench.frame(.text, "x")
        frame.maskKey = [1, 2, 3, 4]
        try bench.receive(frame)
        #expect(try bench.sent().map { $0.farewell.code } == [1002])
    }
}

/// One way to break RFC 6455, and the close code it earns.
struct Violation: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let code: UInt16
    let frames: @Sendable (PipelineBench) -> [WebSocketFrame]

    static let all: [Violation] = [
        .init("a frame over the limit", 1009) { [$0.frame(.binary, String(repeating: "x", count: 201))] },
        .init("fragments over the limit", 1009) {
            let half = String(repeating: "x", count: 150)
            return [$0.frame(.binary, half, fin: false), $0.frame(.continuation, half)]
        },
        .init("an unmasked frame", 1002) { _ in [WebSocketFrame(fin: true, opcode: .text, data: .init(string: "x"))] },
        .init("a reserved bit", 1002) { [$0.frame(.text, "x", rsv1: true)] },
        .init("a reserved opcode", 1002) { bench in
            WebSocketOpcode(encodedWebSocketOpcode: 3).map { [bench.frame($0, "x")] } ?? []
        },
        .init("a continuation of nothing", 1002) { [$0.frame(.continuation, "x")] },
        .init("a message inside another", 1002) { [$0.frame(.text, "x", fin: false), $0.frame(.text, "y")] },
        .init("a fragmented ping", 1002) { [$0.frame(.ping, "x", fin: false)] },
        .init("a ping over 125 bytes", 1002) { [$0.frame(.ping, String(repeating: "x", count: 126))] },
        .init("text that is not UTF-8", 1007) { [$0.frame(.text, bytes: ByteBuffer(bytes: [0x61, 0xFF]))] },
        .init("text that ends inside a character", 1007) { [$0.frame(.text, bytes: ByteBuffer(bytes: [0xE2, 0x82]))] },
        .init("a close frame of one byte", 1002) { [$0.frame(.connectionClose, "x")] },
        .init("a close code that may not be sent", 1002) { [$0.closeFrame(1005)] },
        .init("a close reason that is not UTF-8", 1007) {
            [$0.frame(.connectionClose, bytes: ByteBuffer(bytes: [0x03, 0xE8, 0xFF]))]
        },
    ]

    private init(_ name: String, _ code: UInt16, _ frames: @escaping @Sendable (PipelineBench) -> [WebSocketFrame]) {
        self.testDescription = name
        self.code = code
        self.frames = frames
    }
}
