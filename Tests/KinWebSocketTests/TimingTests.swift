import KinWebSocket
import NIOCore
import NIOWebSocket
import Testing

@Suite("Silent and slow peers")
struct TimingTests {
    private let limits = WebSocketLimits(maxMessageBytes: 1 << 20, maxBufferedBytes: 1000)

    @Test("a ping goes out every 20 seconds")
    func pings() throws {
        let bench = try PipelineBench(.client)
        bench.advance(.milliseconds(19_999))
        #expect(try bench.sent().isEmpty)
        bench.advance(.milliseconds(1))
        #expect(try bench.sent().map(\.opcode) == [.ping])
        bench.advance(.seconds(20))
        #expect(try bench.sent().map(\.opcode) == [.ping])
    }

    @Test("a peer that was silent for 60 seconds is lost")
    func dead() throws {
        let bench = try PipelineBench(.server)
        bench.advance(.milliseconds(59_999))
        #expect(bench.channel.isActive)
        bench.advance(.milliseconds(1))
        #expect(!bench.channel.isActive)
        #expect(bench.heard.closures.map(\.origin) == [.lost])
        #expect(bench.heard.closures.map(\.reason) == ["nothing was heard from the peer for 60.0 s"])
    }

    @Test("a pong keeps a silent peer alive")
    func pong() throws {
        let bench = try PipelineBench(.server)
        for _ in 0..<10 {
            bench.advance(.seconds(50))
            try bench.receive(bench.frame(.pong))
        }
        #expect(bench.channel.isActive)
        bench.advance(.seconds(60))
        #expect(!bench.channel.isActive)
    }

    @Test("a ping that was asked for goes out at once, and its pong is told; after the end neither happens")
    func asked() throws {
        let bench = try PipelineBench(.server)
        bench.connection.ping()
        #expect(try bench.sent().map(\.opcode) == [.ping])
        #expect(bench.heard.pongs == 0)
        try bench.receive(bench.frame(.pong))
        #expect(bench.heard.pongs == 1)
        bench.connection.close(reason: "over")
        #expect(try bench.sent().map(\.opcode) == [.connectionClose])
        bench.connection.ping()
        #expect(try bench.sent().isEmpty)
        try bench.receive(bench.frame(.pong))
        #expect(bench.heard.pongs == 1)
    }

    @Test("a reader that stays behind for 10 seconds is closed with 4008")
    func slowReader() throws {
        let bench = try PipelineBench(.server, limits: limits)
        bench.dam.isClosed = true
        bench.connection.send([ByteBuffer(repeating: 7, count: 1001)])
        bench.channel.embeddedEventLoop.run()
        #expect(bench.connection.bufferedBytes == 1005)
        #expect(bench.heard.writable == [false])
        bench.advance(.milliseconds(9_999))
        #expect(bench.channel.isActive)
        bench.advance(.milliseconds(1))
        try bench.openDam()
        #expect(try bench.sent().map { $0.farewell.code }.last == 4008)
        try bench.receive(bench.closeFrame(4008))
        #expect(bench.heard.closures == [.init(code: 4008, reason: "slow_consumer", origin: .local)])
    }

    @Test("a reader that catches up is told of and left alone")
    func caughtUp() throws {
        let bench = try PipelineBench(.server, limits: limits)
        bench.dam.isClosed = true
        bench.connection.send([ByteBuffer(repeating: 7, count: 2000)])
        bench.advance(.seconds(9))
        try bench.openDam()
        #expect(bench.connection.bufferedBytes == 0)
        #expect(bench.heard.writable == [false, true])
        bench.advance(.seconds(9))
        #expect(bench.channel.isActive)
    }

    @Test("bufferedBytes counts headers too, before and after the event loop has taken over")
    func accounting() throws {
        let bench = try PipelineBench(.client)
        bench.dam.isClosed = true
        bench.connection.send(.text("12345"))
        #expect(bench.connection.bufferedBytes == 11)
        bench.connection.send([ByteBuffer(repeating: 0, count: 200), ByteBuffer()])
        bench.channel.embeddedEventLoop.run()
        #expect(bench.connection.bufferedBytes == 11 + 208 + 6)
        try bench.openDam()
        #expect(bench.connection.bufferedBytes == 0)
    }

    @Test("a server reads nothing from a peer that does not take its answers; a client reads on")
    func readsHeld() throws {
        for (role, isHeld) in [(WebSocketRole.server, true), (.client, false)] {
            let bench = try PipelineBench(role, limits: limits)
            bench.dam.isClosed = true
            bench.connection.send([ByteBuffer(repeating: 7, count: 2000)])
            bench.channel.embeddedEventLoop.run()
            let before = bench.dam.reads
            bench.channel.read()
            #expect(bench.dam.reads - before == (isHeld ? 0 : 1))
            try bench.openDam()
            #expect(bench.dam.reads - before == 1)
        }
    }

    @Test("reading paused by its owner stops reads until resumed, and the peer is not taken for dead")
    func paused() throws {
        let bench = try PipelineBench(.server)
        bench.connection.pauseReading()
        let before = bench.dam.reads
        bench.channel.read()
        bench.advance(.seconds(300))
        #expect(bench.channel.isActive)
        #expect(bench.dam.reads == before)
        bench.connection.resumeReading()
        #expect(bench.dam.reads - before == 1)
    }
}
