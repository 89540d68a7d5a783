import Foundation
import KinCommands
import KinEncoding
import KinTerminal
import KinTestTerminal
import KinWire

/// The near end of `kin attach` on terminals of this very process: `kin-attach-trial [--escape KEY] [--cut FILE] [--until FILE] [--patience MS] NAME=SCRIPT…`.
/// Those called `far` are out of reach while the file of `--cut` is there. In the end it waits for the file of `--until`, up to 20 s: programs live no longer
/// than it does.
@main
struct AttachTrial {
    private var escape: EscapeKey? = .usual
    private var cut: String?
    private var awaited: String?
    private var patience = AttachRun.patience
    private var scripts: [(name: String, text: String)] = []

    static func main() async throws {
        signal(SIGPIPE, SIG_IGN)
        try await AttachTrial(Array(CommandLine.arguments.dropFirst())).run()
    }

    private init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--escape": escape = try EscapeKey.parse(rest.popFirst() ?? "")
            case "--cut": cut = rest.popFirst()
            case "--until": awaited = rest.popFirst()
            case "--patience": patience = .milliseconds(rest.popFirst().flatMap { Int($0) } ?? 0)
            default:
                let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
                scripts.append((parts[0], parts[1]))
            }
        }
    }

    private func run() async throws {
        let terminals = Terminals.local(environment: ProcessInfo.processInfo.environment)
        let near = NearTerminal.standard
        let local = try scripts.map { script in
            try LocalTerminal(
                terminals, name: script.name,
                request: TerminalRequest(command: ["/bin/sh", "-c", script.text], isPlain: !near.isTerminal))
        }
        let end = try await attach(local.map(inReach), near)
        let running = try local.filter { try terminals.list().map(\.id).contains($0.id) && $0.info.exit == nil }
        if let words = end.words(for: running) { FileHandle.standardError.write(Data("\(words)\n".utf8)) }
        let deadline = ContinuousClock.now + .seconds(20)
        while let awaited, !FileManager.default.fileExists(atPath: awaited), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(5))
        }
        await terminals.closeAll()
        exit(end.status)
    }

    private func inReach(_ terminal: LocalTerminal) -> any AttachedTerminal {
        guard let cut, terminal.name == "far" else { return terminal }
        return CutTerminal(terminal, whileThere: cut)
    }

    private func attach(_ attached: [any AttachedTerminal], _ near: NearTerminal) async throws -> AttachEnd {
        if near.isTerminal {
            return try await AttachRun(attached, near: near, escape: escape, patience: patience).run()
        }
        return try await AttachPiped(
            attached[0], near: near, isOwn: true,
            note: { note in
                FileHandle.standardError.write(Data("\(note)\n".utf8))
            }
        ).run()
    }
}
