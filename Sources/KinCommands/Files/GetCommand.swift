import ArgumentParser
import Foundation
import KinDaemonAPI
import KinEncoding
import KinWire

struct GetCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Fetch a file that was shared with this device.",
        discussion: """
            It is written under its sender's name into the current folder, or as --out says, readable by you alone; a file that is there is \
            never replaced. Every part is verified before it is written. What came before an interruption stays beside it \
            (.kin-ID.part), and the same command goes on from there. One file is fetched to one place of a folder at a time.

            Ends with exit code 4 where what the server gave is not what was shared, 5 where the file is gone, 6 where something is \
            at its place already, 130 on Control-C.

            EXAMPLES
              kin files
              kin get 01KEZ4T7B2ZC2M8N4Q6V8X0ABC
              kin get 01KEZ4T7B2ZC2M8N4Q6V8X0ABC --out /tmp/report.pdf
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "The file's id, as kin files has it.", completion: KnownFiles.received, transform: FileID.parse)
    var id: ULID

    @Option(help: ArgumentHelp("Where to write it: a file, or a folder.", valueName: "file"), completion: .file())
    var out: String?

    func run(in context: CommandContext, _ output: Output) async throws {
        let daemon = try LocalDaemon.of(context)
        let id = id
        let info = try await daemon.call { try await $0.file(id) }
        let path = try path(of: info, context)
        let line = ProgressLine(output)
        let ended = try await Interruptible.run {
            defer { line.end() }
            let got = try await daemon.client.getFile(id, to: path) { line.show($0, of: $1) }
            line.end()
            try output.answer(
                .lines(["\(got.out.printable(keepingLines: false))  \(ByteCount.text(got.size))"]), json: got.json)
        }
        guard ended else {
            throw KinError(
                "interrupted",
                "interrupted; what came stays, and  \(again(path))  goes on from there", retryable: true)
        }
    }

    /// How it is written to go on.
    private func again(_ path: String) -> String {
        out == nil ? "kin get \(id)  in the same folder" : "kin get \(id) --out \(ShellWord(path))"
    }

    private func path(of info: FileInfo, _ context: CommandContext) throws -> String {
        let name = info.name.description
        guard let out else {
            // A sender must not be able to write what a shell or another program obeys.
            guard !info.name.isHidden else {
                throw KinError(
                    "name_hidden", "its sender calls it \(name), which is hidden: say where to write it with --out",
                    category: .usage)
            }
            return context.path(name)
        }
        let path = context.path(out)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            return path
        }
        return (path.hasSuffix("/") ? String(path.dropLast()) : path) + "/" + name
    }
}

/// The ids of files that a shell completes.
enum KnownFiles {
    /// Those that can be fetched.
    static let received = kind { $0.direction == .received && [.available, .downloading].contains($0.status) }
    /// Those this device shared.
    static let sent = kind { $0.direction == .sent && $0.status != .deleted }

    private static func kind(_ isWanted: @escaping @Sendable (FileInfo) -> Bool) -> CompletionKind {
        .custom { (_: [String], _: Int, prefix: String) async -> [String] in
            guard let daemon = await LocalDaemon(.current)?.answering(), let list = try? await daemon.files() else {
                return []
            }
            return list.files.filter(isWanted).map(\.id.description).filter { $0.hasPrefix(prefix.uppercased()) }
        }
    }
}

/// A file's id as it is typed.
enum FileID {
    static func parse(_ text: String) throws -> ULID {
        guard let id = ULID(text.uppercased()) else {
            throw ValidationError("a file's id is 26 letters and digits, as  kin files  shows it")
        }
        return id
    }
}
