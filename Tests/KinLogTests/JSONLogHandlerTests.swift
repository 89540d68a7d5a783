import KinEncoding
import KinLog
import Logging
import Synchronization
import Testing

/// Keeps lines in memory.
private final class MemorySink: LogSink {
    private let lines = Mutex<[[UInt8]]>([])

    func write(line: [UInt8]) { lines.withLock { $0.append(line) } }

    /// Each line as JSON, its line end checked.
    func objects() throws -> [[String: JSON]] {
        try lines.withLock { $0 }.map { line in
            #expect(line.last == UInt8(ascii: "\n") && line.dropLast().firstIndex(of: UInt8(ascii: "\n")) == nil)
            guard case .object(let members) = try JSON.parse(Array(line.dropLast())) else { return [:] }
            return members
        }
    }
}

@Suite struct JSONLogHandlerTests {
    private let sink = MemorySink()

    private func logger(_ level: Logger.Level = .info) -> Logger {
        let sink = sink
        return Logger(label: "test") { _ in JSONLogHandler(sink: sink, level: level) { 1234 } }
    }

    @Test("a line is one JSON object of time, level, event and metadata")
    func line() throws {
        logger().notice("connected", metadata: ["server": "http://127.0.0.1:7440", "count": .stringConvertible(3)])
        #expect(
            try sink.objects() == [
                [
                    "time": .integer(1234), "level": .string("notice"), "event": .string("connected"),
                    "server": .string("http://127.0.0.1:7440"), "count": .integer(3),
                ]
            ])
    }

    @Test("what is below the level is not written")
    func level() throws {
        let logger = logger(.warning)
        logger.info("quiet")
        logger.warning("loud")
        #expect(try sink.objects().map { $0["event"] } == [.string("loud")])
    }

    @Test("values keep their kind: numbers, truth, lists, objects")
    func kinds() throws {
        logger().info(
            "kinds",
            metadata: [
                "int": .stringConvertible(Int(-7)), "int64": .stringConvertible(Int64.max),
                "bool": .stringConvertible(true), "other": .stringConvertible(0.5),
                "list": .array(["a", .stringConvertible(1)]), "object": .dictionary(["k": .array([])]),
            ])
        let line = try #require(try sink.objects().first)
        #expect(line["int"] == .integer(-7) && line["int64"] == .integer(.max) && line["bool"] == .bool(true))
        #expect(line["other"] == .string("0.5"))
        #expect(line["list"] == .array([.string("a"), .integer(1)]))
        #expect(line["object"] == .object(["k": .array([])]))
    }

    @Test("a logger's own metadata is on every line, and a line's own wins")
    func ownMetadata() throws {
        var logger = logger()
        logger[metadataKey: "device"] = "laptop"
        logger.info("one")
        logger.info("two", metadata: ["device": "studio"])
        #expect(try sink.objects().map { $0["device"] } == [.string("laptop"), .string("studio")])
        #expect(logger[metadataKey: "device"] == "laptop")
    }

    @Test("metadata cannot pass for time, level or event")
    func reserved() throws {
        logger().info("real", metadata: ["event": "forged", "time": "0", "level": "trace"])
        let line = try #require(try sink.objects().first)
        #expect(line == ["event": .string("real"), "time": .integer(1234), "level": .string("info")])
    }

    @Test("a text with line breaks and quotes stays on one line")
    func oneLine() throws {
        logger().info("a\nb\"c\r\u{0}", metadata: ["k": "x\ny"])
        let line = try #require(try sink.objects().first)
        #expect(line["event"] == .string("a\nb\"c\r\u{0}") && line["k"] == .string("x\ny"))
    }
}
