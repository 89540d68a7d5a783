/// Where log lines go. Thread-safe; a line may be lost, but whoever logs neither waits nor fails.
public protocol LogSink: Sendable {
    func write(line: [UInt8])
}
