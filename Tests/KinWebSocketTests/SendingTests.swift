import KinTesting
import KinWebSocket
import NIOCore
import Testing

/// What is accepted, as it leaves.
@Suite struct SendingTests {
    /// Around the length from which on a server does not copy, and around those at which headers and writes grow.
    private static let lengths = [0, 125, 126, 8_191, 8_192, 8_193, 1, 65_535, 65_536, 200_000, 8_192, 3]

    @Test("messages of all lengths leave whole and in order, with one flush, and are counted until they are taken")
    func mixed() throws {
        for role in [WebSocketRole.server, .client] {
            let bench = try PipelineBench(role, limits: .init(maxMessageBytes: 1 << 20, maxBufferedBytes: 1 << 24))
            bench.dam.isClosed = true
            var random = SeededGenerator(seed: 1)
            let payloads = Self.lengths.map { random.bytes($0) }
            for payload in payloads {
                bench.connection.send(.binary(ByteBuffer(bytes: payload)))
                bench.connection.send(.text("then"))
            }
            let counted = bench.connection.bufferedBytes
            bench.advance(.zero)
            #expect(bench.connection.bufferedBytes == counted && counted > payloads.reduce(0) { $0 + $1.count })
            #expect(bench.dam.flushes == 1)
            try bench.openDam()
            #expect(bench.connection.bufferedBytes == 0)
            let sent = try bench.sent()
            #expect(sent.map(\.opcode) == payloads.flatMap { _ in [.binary, .text] })
            #expect(sent.filter { $0.opcode == .binary }.map { Array($0.unmaskedData.readableBytesView) } == payloads)
            #expect(sent.filter { $0.opcode == .text }.allSatisfy { $0.text == "then" })
            #expect(sent.allSatisfy { ($0.maskKey != nil) == (role == .client) })
        }
    }

    @Test("what was given stays as it was, though it is masked on its way")
    func untouched() throws {
        let bench = try PipelineBench(.client)
        let payload = ByteBuffer(repeating: 7, count: 1_000)
        bench.connection.send(.binary(payload))
        #expect(try bench.sent().count == 1)
        #expect(payload == ByteBuffer(repeating: 7, count: 1_000))
    }
}
