import KinTesting
import KinWebSocket
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import Testing

@Suite("The client on a real socket")
struct ClientTests {
    private let limits = WebSocketLimits(maxMessageBytes: 1 << 20)
    private let eventLoop = MultiThreadedEventLoopGroup.singleton.next()

    @Test("its frames are masked and understood by another implementation, whose answers come back in order")
    func interoperates() async throws {
        let masked = Observed<[Bool]>([])
        let listener = try await Listener.frames { frame, channel in
            masked.update { $0.append(frame.maskKey != nil) }
            guard frame.opcode == .text || frame.opcode == .binary else { return }
            channel.writeAndFlush(
                WebSocketFrame(fin: true, opcode: frame.opcode, data: frame.unmaskedData),
                promise: nil
            )
        }
        let delegate = RecordingDelegate()
        let connection = try await connect(listener.url, delegate)
        let long = String(repeating: "long ", count: 30_000)
        for number in 0..<1000 { connection.send(.text("\(number)")) }
        connection.send(.text(long))
        connection.send([ByteBuffer(bytes: [1, 2]), ByteBuffer()])
        let heard = try await delegate.heard.wait { $0.messages.count == 1003 }
        #expect(heard.texts == (0..<1000).map(String.init) + [long])
        #expect(heard.messages.suffix(2) == [.binary(ByteBuffer(bytes: [1, 2])), .binary(ByteBuffer())])
        #expect(masked.value.allSatisfy { $0 })
        connection.close(reason: "done")
        try await listener.stop()
    }

    @Test("fragments from the peer become one message, and its close frame the closure")
    func fragmentsAndClose() async throws {
        let listener = try await Listener.frames { frame, channel in
            guard frame.opcode == .text else { return }
            for (fin, opcode, part) in [(false, WebSocketOpcode.text, "a"), (true, .continuation, "b")] {
                channel.write(WebSocketFrame(fin: fin, opcode: opcode, data: .init(string: part)), promise: nil)
            }
            var farewell = ByteBuffer(integer: UInt16(4003))
            farewell.writeString("replaced_by_newer_connection")
            channel.writeAndFlush(WebSocketFrame(fin: true, opcode: .connectionClose, data: farewell), promise: nil)
        }
        let delegate = RecordingDelegate()
        let connection = try await connect(listener.url, delegate)
        connection.send(.text("go"))
        #expect(
            try await delegate.closure()
                == .init(code: 4003, reason: "replaced_by_newer_connection", origin: .peer)
        )
        #expect(delegate.heard.value.texts == ["ab"])
        try await listener.stop()
    }

    @Test("a peer that never pongs is lost")
    func neverPongs() async throws {
        let pings = Observed(0)
        let listener = try await Listener.frames { frame, _ in
            if frame.opcode == .ping { pings.update { $0 += 1 } }
        }
        let delegate = RecordingDelegate()
        var limits = limits
        limits.pingInterval = .milliseconds(100)
        limits.deadAfter = .seconds(2)
        let eventLoop = eventLoop
        _ = try await WebSocketClient.connect(to: listener.url, limits: limits, on: eventLoop, delegate: delegate)
        let closure = try #require(try await delegate.closure())
        #expect(closure.origin == .lost)
        #expect(closure.reason == "nothing was heard from the peer for 2.0 s")
        try await pings.wait { $0 > 0 }
        try await listener.stop()
    }

    @Test("a connection that the peer cuts is lost")
    func cut() async throws {
        let listener = try await Listener.frames { _, channel in channel.close(promise: nil) }
        let delegate = RecordingDelegate()
        let connection = try await connect(listener.url, delegate)
        connection.send(.text("cut me"))
        #expect(try await delegate.closure()?.origin == .lost)
        try await connection.closeFuture.get()
        connection.send(.text("into the void"))
        connection.close(reason: "again")
        #expect(delegate.heard.value.closures.count == 1)
        try await listener.stop()
    }

    @Test("sends from many threads all arrive whole, each thread's in its order")
    func manyThreads() async throws {
        let received = Observed<[String]>([])
        let listener = try await Listener.frames { frame, _ in
            if frame.opcode == .text { received.update { $0.append(String(buffer: frame.unmaskedData)) } }
        }
        let connection = try await connect(listener.url, RecordingDelegate())
        await withTaskGroup { group in
            for sender in 0..<8 {
                group.addTask { for number in 0..<200 { connection.send(.text("\(sender)-\(number)")) } }
            }
        }
        let all = try await received.wait { $0.count == 1600 }
        for sender in 0..<8 {
            #expect(all.filter { $0.hasPrefix("\(sender)-") } == (0..<200).map { "\(sender)-\($0)" })
        }
        connection.close(reason: "done")
        try await listener.stop()
    }

    private func connect(_ url: String, _ delegate: RecordingDelegate) async throws -> WebSocketConnection {
        try await WebSocketClient.connect(to: url, limits: limits, on: eventLoop, delegate: delegate)
    }
}
