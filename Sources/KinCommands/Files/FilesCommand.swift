import ArgumentParser
import KinDaemonAPI
import KinEncoding
import KinWire

struct FilesCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "files",
        abstract: "List the files that were shared and received, newest first.",
        discussion: """
            A file that is shared is waiting, uploading, then as its message: queued, relayed, delivered, read. One that was received is \
            available until its time at the server is over. --delete takes a file this device shared from the server; who has \
            fetched it keeps it.

            EXAMPLES
              kin files --limit 10
              kin files --delete 01KEZ4T7B2ZC2M8N4Q6V8X0ABC
            """)

    @OptionGroup var options: OutputOptions

    @Option(help: ArgumentHelp("At most so many, 50 unless said.", valueName: "count"))
    var limit: Int?

    @Option(help: ArgumentHelp("Delete this one at the server.", valueName: "id"), transform: FileID.parse)
    var delete: ULID?

    func validate() throws {
        if let limit, !(1...500).contains(limit) { throw ValidationError("--limit is 1 to 500") }
        if delete != nil, limit != nil { throw ValidationError("--delete names one file: it cannot go with --limit") }
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        let daemon = try LocalDaemon.of(context)
        if let delete {
            let info = try await daemon.call { try await $0.deleteFile(delete) }
            return try output.answer(.lines(["\(info.status.rawValue) \(info.id)"]), json: info.json)
        }
        let limit = limit ?? 50
        let list = try await daemon.call { try await $0.files(limit: limit) }
        try output.answer(Self.drawing(list, Moments(context)), json: list.json)
        if list.cursor != nil { output.note("there are more: --limit shows up to 500", .dim) }
    }

    private static func drawing(_ list: FileList, _ moments: Moments) -> Drawing {
        guard !list.files.isEmpty else { return .lines(["no files were shared or received"]) }
        return .table(
            Table(
                headings: ["ID", "NAME", "SIZE", "WITH", "STATUS", "WHEN"],
                rows: list.files.map { file in
                    [
                        "\(file.id)", Table.Cell(file.name.description), "\(ByteCount.text(file.size))",
                        Table.Cell((file.direction == .sent ? "to " : "from ") + file.peer), status(file),
                        "\(moments.relative(file.createdAt))",
                    ]
                }))
    }

    private static func status(_ file: FileInfo) -> Table.Cell {
        let text =
            switch file.status {
            case .uploading,
                .downloading where file.size > 0:
                "\(file.status.rawValue) \(file.transferred * 100 / file.size) %"
            default: file.status.rawValue + (file.lastError.map { " (\($0))" } ?? "")
            }
        let tone: Tone =
            switch file.status {
            case .dead, .refused: .bad
            case .delivered, .read, .available: .good
            case .deleted, .expired: .dim
            default: .plain
            }
        return Table.Cell(text, tone)
    }
}
