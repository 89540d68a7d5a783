import ArgumentParser
import KinEncoding
import KinWire

struct CompletionsCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Print the completion script of a shell.",
        discussion: """
            Commands, options and the names of your devices complete then.

            EXAMPLES
              kin completions bash > ~/.local/share/bash-completion/completions/kin
              kin completions zsh  > ~/.zsh/completions/_kin
              kin completions fish > ~/.config/fish/completions/kin.fish
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "bash, zsh or fish.", completion: .list(["bash", "zsh", "fish"]), transform: Self.shell)
    var shell: CompletionShell

    func run(in context: CommandContext, _ output: Output) async throws {
        let script = KinCommand.completionScript(for: shell)
        try output.answer(.lines([script]), json: .object(["script": .string(script)]))
    }

    private static func shell(_ text: String) throws -> CompletionShell {
        guard let shell = CompletionShell(rawValue: text) else {
            throw ValidationError("the shells are bash, zsh and fish")
        }
        return shell
    }
}
