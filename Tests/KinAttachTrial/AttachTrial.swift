import Foundation
import KinCommands
import KinEncoding
import KinTerminal
import KinTestTerminal
import KinWire

/// The near end of `kin attach` on terminals of this very process: `kin-attach-trial [--escape KEY] NAME=SCRIPT…`.
@main
enum AttachTrial {
    static func main() async throws {
        signal(SIGPIPE, SIG_IGN)
        var arguments = CommandLine.arguments.dropFirst()
        var escape: EscapeKey? = .usual
        if arguments.first == "--escape" {
            escape = try EscapeKey.parse(arguments.dropFirst().first ?? "")
            arguments = arguments.dropFirst(2)
        }
        let terminals = Terminals.local(environment: ProcessInfo.processInfo.environment)
        let near = NearTerminal.standard
        let attached = try arguments.map { argument in
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            return try LocalTerminal(
                terminals, name: parts[0],
                request: TerminalRequest(command: ["/bin/sh", "-c", parts[1]], isPlain: !near.isTerminal))
        }
        let end = try await run(attached, near, escape)
        let running = try attached.filter { try terminals.list().map(\.id).contains($0.id) && $0.info.exit == nil }
        if let words = end.words(for: running) { FileHandle.standardError.write(Data("\(words)\n".utf8)) }
        await terminals.closeAll()
        exit(end.status)
    }

    private static func run(
        _ attached: [LocalTerminal], _ near: NearTerminal, _ escape: EscapeKey?
    ) async throws -> AttachEnd {
        if near.isTerminal {
            return try await AttachRun(attached, near: near, escape: escape).run()
        }
        return try await AttachPiped(
            attached[0], near: near,
            note: { note in
                FileHandle.standardError.write(Data("\(note)\n".utf8))
            }
        ).run()
    }
}
