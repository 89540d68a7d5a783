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
            available until its time at the server is over. WITH is from or to whom, and the topic where it was shared with one. \
            --delete takes a file this device shared from the server; who has fetched it keeps it.

            EXAMPLES
              kin files --limit 10
              kin files --before 01KEZ4T7B2ZC2M8N4Q6V8X0ABC
              kin files --delete 01KEZ4T7B2ZC2M8N4Q6V8X0ABC
            """)

    @OptionGroup var options: OutputOptions

    @Option(help: ArgumentHelp("At most so many, 50 unless said.", valueName: "count"))
    var limit: Int?

    @Option(
        help: ArgumentHelp("Those older than this one: the next page.", valueName: "id"), transform: FileID.parse)
    var before: ULID?

    @Option(
        help: ArgumentHelp("Delete this one at the server.", valueName: "id"), completion: KnownFiles.sent,
        transform: FileID.parse)
    var delete: ULID?

    func validate() throws {
        if let limit, !(1...500).contains(limit) { throw ValidationError("--limit is 1 to 500") }
        if delete != nil, limit != nil || before != nil {
            throw ValidationError("--delete names one file: it cannot go with --limit or --before")
        }
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        let daemon = try LocalDaemon.of(context)
        if let delete {
            let info = try await daemon.call { try await $0.deleteFile(delete) }
            return try output.answer(.lines(["\(info.status.rawValue) \(info.id)"]), json: info.json)
        }
        let limit = limit ?? 50
        let list = try await daemon.call { try await $0.files(cursor: before?.description, limit: limit) }
        try output.answer(Self.drawing(list, Moments(context)), json: list.json)
        if let cursor = list.cursor {
            let size = self.limit.map { " --limit \($0)" } ?? ""
            output.note("there are more:  kin files --before \(cursor)\(size)", .dim)
        }
    }

    private static func drawing(_ list: FileList, _ moments: Moments) -> Drawing {
        guard !list.files.isEmpty else { return .lines(["no files were shared or received"]) }
        return .table(
            Table(
                headings: ["ID", "NAME", "SIZE", "WITH", "STATUS", "WHEN"],
                rows: list.files.map { file in
                    [
                        "\(file.id)", Table.Cell(file.name.description), "\(ByteCount.text(file.size))",
                        Table.Cell(with(file)), status(file),
                        "\(moments.relative(file.createdAt))",
                    ]
                }))
    }

    private static func with(_ file: FileInfo) -> String {
        if file.direction == .sent { return "to \(file.peer)" }
        return "from \(file.peer)" + (file.topic.map { " #\($0)" } ?? "")
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
            case .deleted, .expired, .gone: .dim
            default: .plain
            }
        return Table.Cell(text, tone)
    }
}
