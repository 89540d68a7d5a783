import ArgumentParser

/// What every command takes.
struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Print JSON, for programs.")
    var json = false
}

/// A command that works in a context and answers through the one renderer.
protocol ContextCommand: AsyncParsableCommand {
    var options: OutputOptions { get }

    func run(in context: CommandContext, _ output: Output) async throws
}

extension ContextCommand {
    func run() async throws {
        let context = CommandContext.current
        try await run(in: context, Output(form: options.json ? .json : .text, context: context))
    }
}
