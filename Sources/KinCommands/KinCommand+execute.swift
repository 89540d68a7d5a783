import ArgumentParser
import KinWire

extension KinCommand {
    /// Runs one command line to its end: the only place where errors become text and exit codes.
    ///
    /// - Parameter arguments: without the program's name.
    public static func execute(
        _ arguments: [String], in context: CommandContext = .current
    ) async -> CommandStatus {
        await CommandContext.$current.withValue(context) {
            do {
                var command = try await asyncParseAsRoot(arguments)
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    try command.run()
                }
                return .ok
            } catch {
                return report(error, wantsJSON: wantsJSON(arguments), in: context)
            }
        }
    }

    /// Whether errors are for programs too. Looked for by hand, as the arguments may be what is wrong.
    private static func wantsJSON(_ arguments: [String]) -> Bool {
        arguments.prefix { $0 != "--" }.contains("--json")
    }

    private static func report(_ error: any Error, wantsJSON: Bool, in context: CommandContext) -> CommandStatus {
        if error is BrokenPipe { return .ok }
        if let end = error as? CommandEnd { return end.status }
        if exitCode(for: error) == .success {
            do { try context.output.write(fullMessage(for: error).withLineEnd) } catch { return .ok }
            return .ok
        }
        if exitCode(for: error) == .validationFailure {
            reportUsage(error, wantsJSON: wantsJSON, in: context)
            return .usage
        }
        let failure = KinError(reporting: error)
        Output(form: wantsJSON ? .json : .text, context: context).failure(failure)
        return CommandStatus(failure)
    }

    private static func reportUsage(_ error: any Error, wantsJSON: Bool, in context: CommandContext) {
        let output = Output(form: wantsJSON ? .json : .text, context: context)
        guard !wantsJSON else {
            return output.failure(KinError("usage", message(for: error), category: .usage))
        }
        let text = fullMessage(for: error)
        output.note("kin: " + (text.hasPrefix("Error: ") ? String(text.dropFirst("Error: ".count)) : text))
    }
}

/// Ends a command whose answer already says that something is missing.
struct CommandEnd: Error {
    let status: CommandStatus
}
