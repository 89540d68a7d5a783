import ArgumentParser
import Logging

struct LogOptions: ParsableArguments {
    @Option(
        name: .customLong("log-level"),
        help: "How much is logged: trace, debug, info, notice, warning, error or critical.",
        completion: .list(Logger.Level.allCases.map(\.rawValue)), transform: Self.parse)
    var level = Logger.Level.info

    private static func parse(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text.lowercased()) else {
            throw ValidationError("the levels are \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return level
    }
}
