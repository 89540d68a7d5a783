public import KinTesting
public import Logging

extension Logger {
    /// Keeps each line: its level, its event and its facts.
    public static func recording(into lines: Observed<[String]>) -> Logger {
        Logger(label: "test") { _ in LineHandler(lines: lines) }
    }
}

private struct LineHandler: LogHandler {
    let lines: Observed<[String]>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        lines.update { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
    }
}
