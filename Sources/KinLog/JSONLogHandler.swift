import KinEncoding
public import Logging

/// One JSON object a line: `time` (milliseconds), `level`, `event`, and the metadata as members.
public struct JSONLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var logLevel: Logger.Level
    private let sink: any LogSink
    private let now: @Sendable () -> Int64

    /// - Parameter now: milliseconds.
    public init(sink: any LogSink, level: Logger.Level, now: @escaping @Sendable () -> Int64) {
        self.sink = sink
        logLevel = level
        self.now = now
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var members = metadata.merging(event.metadata ?? [:]) { _, new in new }.mapValues(Self.json)
        members["time"] = .integer(now())
        members["level"] = .string(event.level.rawValue)
        members["event"] = .string(event.message.description)
        sink.write(line: JSON.object(members).canonicalBytes() + [UInt8(ascii: "\n")])
    }

    private static func json(_ value: Logger.Metadata.Value) -> JSON {
        switch value {
        case .string(let text): .string(text)
        case .stringConvertible(let value as Int): .integer(Int64(value))
        case .stringConvertible(let value as Int64): .integer(value)
        case .stringConvertible(let value as Bool): .bool(value)
        case .stringConvertible(let value): .string(value.description)
        case .array(let values): .array(values.map(json))
        case .dictionary(let members): .object(members.mapValues(json))
        }
    }
}
