import KinTesting
import KinWebSocket
import NIOCore
import NIOWebSocket
import Testing

@Suite("How a connection ends")
struct ClosingTests {
    @Test("close sends what was accepted, then the close frame, and TCP ends with the peer's answer")
    func localClose() throws {
        let bench = try PipelineBench(.client)
        bench.connection.send(.text("last words"))
        bench.connection.close(code: 4001, reason: "unauthorized")
        bench.connection.send(.text("too late"))
        let frames = try bench.sent()
        #expect(frames.map(\.opcode) == [.text, .connectionClose])
        #expect(frames.last?.farewell.code == 4001)
        #expect(frames.last?.farewell.reason == "unauthorized")
        #expect(bench.channel.isActive)
        try bench.receive(bench.frame(.text, "unheard"), bench.closeFrame(4001))
        #expect(!bench.channel.isActive)
        #expect(bench.heard.messages.isEmpty)
        #expect(bench.heard.closures == [.init(code: 4001, reason: "unauthorized", origin: .local)])
    }

    @Test("a peer that does not answer the close frame is left after the close timeout")
    func closeTimeout() throws {
        let bench = try PipelineBench(.server)
        bench.connection.close(reason: "done")
        _ = try bench.sent()
        bench.advance(.milliseconds(1999))
        #expect(bench.channel.isActive)
        bench.advance(.milliseconds(1))
        #expect(!bench.channel.isActive)
        #expect(bench.heard.closures == [.init(code: 1000, reason: "done", origin: .local)])
    }

    @Test("the peer's close frame is echoed, and its code and reason are told", arguments: [1000, 1001, 3999, 4010])
    func peerClose(code: UInt16) throws {
        let bench = try PipelineBench(.server)
        try bench.receive(bench.frame(.text, "a"), bench.closeFrame(code, "bye"))
        let frames = try bench.sent()
        #expect(frames.map(\.opcode) == [.connectionClose])
        #expect(frames.first?.farewell.code == code)
        #expect(!bench.channel.isActive)
        #expect(bench.heard.texts == ["a"])
        #expect(bench.heard.reads == [1])
        #expect(bench.heard.closures == [.init(code: code, reason: "bye", origin: .peer)])
    }

    @Test("a close frame without a code is told as one")
    func peerCloseWithoutCode() throws {
        let bench = try PipelineBench(.server)
        try bench.receive(bench.frame(.connectionClose))
        #expect(bench.heard.closures == [.init(code: nil, reason: "", origin: .peer)])
    }

    @Test("TCP that ends without a close frame is a loss")
    func lost() throws {
        let bench = try PipelineBench(.client)
        try bench.channel.close().wait()
        #expect(bench.heard.closures.map(\.origin) == [.lost])
        #expect(bench.heard.closures.map(\.reason) == ["the connection ended without a close frame"])
    }

    @Test("a half-closed connection is given up")
    func halfClosed() throws {
        let bench = try PipelineBench(.server)
        bench.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(!bench.channel.isActive)
        #expect(bench.heard.closures.map(\.origin) == [.lost])
    }

    @Test("a delegate that closes hears nothing more of the same read")
    func closeInsideRead() throws {
        let bench = try PipelineBench(
            .server,
            delegate: RecordingDelegate { connection, _ in
                connection.close(code: 4001, reason: "unauthorized")
            })
        try bench.receive(bench.frame(.text, "first"), bench.frame(.text, "second"))
        #expect(bench.heard.texts == ["first"])
        #expect(try bench.sent().map { $0.farewell.code } == [4001])
    }

    @Test("graceful shutdown sends what was accepted and then 1001")
    func shutdown() throws {
        let bench = try PipelineBench(.server)
        bench.connection.send(.text("acked"))
        bench.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        let frames = try bench.sent()
        #expect(frames.map(\.opcode) == [.text, .connectionClose])
        #expect(frames.last?.farewell.code == 1001)
        try bench.receive(bench.closeFrame(1001))
        #expect(bench.heard.closures.map(\.origin) == [.local])
    }

    @Test("a code that may not stand in a frame is sent as 1011", arguments: [0, 999, 1005, 1006, 1015, 2999, 5000])
    func unsendableCode(code: UInt16) throws {
        let bench = try PipelineBench(.server)
        bench.connection.close(code: code, reason: "")
        #expect(try bench.sent().map { $0.farewell.code } == [1011])
    }

    @Test("closing all closes each open connection, and each one added later")
    func registry() throws {
        let connections = WebSocketConnections()
        let benches = try (0..<3).map { _ in try PipelineBench(.server) }
        for bench in benches { connections.add(bench.connection) }
        try benches[2].channel.close().wait()
        benches[2].channel.embeddedEventLoop.run()
        #expect(connections.count == 2)
        connections.closeAll(reason: "server shutting down")
        let late = try PipelineBench(.server)
        connections.add(late.connection)
        for bench in [benches[0], benches[1], late] {
            #expect(try bench.sent().map { $0.farewell.code } == [1001])
            try bench.receive(bench.closeFrame(1001))
        }
        #expect(connections.count == 0)
    }
}
