public import KinEncoding

/// A terminal as it is listed: the answer of `/term/open`, and of `/term/list`. Times are milliseconds since 1970.
public struct TerminalInfo: Hashable, Sendable {
    public var id: ULID
    public var name: String
    /// The program and its arguments, as they were started.
    public var command: [String]
    /// Its number.
    public var process: Int32
    public var size: TerminalSize
    public var opened: Int64
    /// When somebody last attached or went; nil: nobody did.
    public var lastAttached: Int64?
    /// How many are attached now.
    public var attached: Int
    /// nil while it runs.
    public var exit: TerminalExit?

    public init(
        id: ULID, name: String, command: [String], process: Int32, size: TerminalSize, opened: Int64,
        lastAttached: Int64?, attached: Int, exit: TerminalExit?
    ) {
        self.id = id
        self.name = name
        self.command = command
        self.process = process
        self.size = size
        self.opened = opened
        self.lastAttached = lastAttached
        self.attached = attached
        self.exit = exit
    }

    /// Members that are not known are passed over.
    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "terminal")
        id = try fields.ulid("id")
        name = try fields.string("name", maxBytes: TerminalRequest.maxName)
        command = try fields.array("command", atMost: TerminalRequest.maxArguments).compactMap { item in
            if case .string(let word) = item { word } else { nil }
        }
        process = Int32(try fields.integer("pid", to: Int64(Int32.max)))
        size = try TerminalSize(&fields)
        opened = try fields.time("opened_at")
        lastAttached = try fields.optional("last_attached_at") { fields, name throws(WireError) in
            try fields.time(name)
        }
        attached = Int(try fields.integer("attached"))
        exit = fields.has("exit") ? try TerminalExit(json: try fields.take("exit")) : nil
    }

    public var json: JSON {
        let members: [String: JSON] = [
            "id": .text(id), "name": .string(name), "command": .array(command.map { .string($0) }),
            "pid": .integer(Int64(process)), "opened_at": .integer(opened), "attached": .integer(Int64(attached)),
        ]
        return .object(
            members.merging(size.members) { $1 }
                .adding("last_attached_at", lastAttached) { .integer($0) }
                .adding("exit", exit) { $0.json })
    }

    /// The answer of `/term/list`.
    public static func list(json: JSON) throws(WireError) -> [TerminalInfo] {
        var fields = try Fields(json, in: "terminals")
        var list: [TerminalInfo] = []
        for item in try fields.array("terminals", atMost: 4096) { list.append(try TerminalInfo(json: item)) }
        return list
    }

    public static func json(_ list: [TerminalInfo]) -> JSON { .object(["terminals": .array(list.map(\.json))]) }
}
