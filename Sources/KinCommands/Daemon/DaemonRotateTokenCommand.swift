import ArgumentParser
import KinDaemonAPI
import KinEncoding

struct DaemonRotateTokenCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-token",
        abstract: "Make another token for the local API over TCP.",
        discussion: """
            Programs that ask the daemon at 127.0.0.1 show the token in daemon/home/local_token. This writes another there; the \
            former one is taken for another minute, so that who reads the file again is never refused. The daemon must run.

            EXAMPLES
              kin daemon rotate-token
              kin daemon rotate-token --json
            """)

    @OptionGroup var options: OutputOptions

    func run(in context: CommandContext, _ output: Output) async throws {
        let rotation = try await LocalDaemon.of(context).call { try await $0.rotateToken() }
        let former = rotation.formerUntil.map {
            "; the former one is taken for another \(Moments.span($0 - context.now()))"
        }
        try output.answer(.lines(["another token is in \(rotation.path)\(former ?? "")"]), json: rotation.json)
    }
}
