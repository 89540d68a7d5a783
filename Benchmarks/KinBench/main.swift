import Foundation

// kin-bench --kin PATH [--part daemon|brokers|crowd|vault|api|files|topics|relay|links|attach] [--seconds N] [--dir FOLDER] [--only SENDERS/BYTES] [--mib N] [--members N] [--python PATH --peers FOLDER --transfer FILE]

func option(_ name: String) -> String? {
    let arguments = CommandLine.arguments
    guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return nil }
    return arguments[index + 1]
}

func wants(_ part: String) -> Bool { option("--part").map { $0 == part } ?? true }

func printDaemonRows(_ kin: String, _ folder: String, _ seconds: Double, _ redis: Samples?) throws {
    let family = try BenchFamily(kin: kin, under: folder)
    let measurements = Measurements(family: family, seconds: seconds)
    usleep(3_000_000)  // idle means idle
    let idle = try family.pids.map { try Measurements.memory(of: $0) }
    let (insert, echo) = (try measurements.loneInsert(), try SocketEcho.run(for: seconds))
    let one = try measurements.accepts(callers: 1)
    try measurements.drained()
    let many = try measurements.accepts(callers: 64)
    try measurements.drained()
    let endToEnd = try measurements.endToEnd(count: 500)
    let command = try measurements.sendCommand(count: 30)
    let starts = try (0..<10).map { _ in try family.restart(1) }
    family.stopServer()
    let (alone, manyAlone) = (try measurements.accepts(callers: 1), try measurements.accepts(callers: 64))

    let floor = insert.quantile(0.5) + echo.quantile(0.5)
    func beside(_ samples: Samples) -> String {
        String(format: "p50 %.1f × the floor's sum", samples.quantile(0.5) / floor)
    }
    Table.header("The daemon")
    Table.row("lone durable SQLite insert, 100 B", insert, note: "the floor")
    Table.row("one byte there and back on a Unix socket", echo, note: "the floor")
    Table.row("`POST /v1/send`, 1 caller, no broker", alone, note: beside(alone))
    Table.row("`POST /v1/send`, 64 callers, no broker", manyAlone, (manyAlone, insert, "the insert's rate"))
    Table.row("`POST /v1/send`, 1 caller, all delivered meanwhile", one, note: beside(one))
    Table.row("`POST /v1/send`, 64 callers, all delivered meanwhile", many, (many, insert, "the insert's rate"))
    Table.row(
        "end to end, paced: send until the other daemon's listener has it", endToEnd,
        note: redis.map { String(format: "p50 %.1f × Redis", endToEnd.quantile(0.5) / $0.quantile(0.5)) })
    if let redis { Table.row("Redis Streams, paced: XADD until XREADGROUP has it", redis) }
    Table.row("`kin send` as a process", command)
    Table.line("`kin up` until its API answers, median of 10", p50: starts.map(\.answers).sorted()[5])
    Table.line("`kin up` until connected, median of 10", p50: starts.map(\.connected).sorted()[5])
    for (name, memory) in zip(["server", "daemon"], idle) {
        Table.line(
            "idle \(name)",
            String(format: "%.1f MB resident, %.1f MB its own", memory.resident, memory.own))
    }
}

func printCrowd(_ kin: String, _ folder: String) throws {
    let (peers, messages) = (100, 1_000)
    let result = try Crowd(kin: kin, folder: folder, peers: peers, messages: messages).run()
    Table.header("A crowd")
    Table.line(
        "\(peers) daemons send \(messages) messages each: all accepted",
        perSecond: Double(peers * messages) / result.accepted, String(format: "%.1f s", result.accepted))
    Table.line(
        "all of them in their inboxes, and known to be",
        perSecond: Double(peers * messages) / result.delivered, String(format: "%.1f s", result.delivered))
}

do {
    guard let kin = option("--kin") else {
        throw BenchError(
            "usage: kin-bench --kin PATH [--part daemon|brokers|crowd|vault|api|files|topics|relay|links|attach] [--seconds N] [--dir FOLDER] [--only SENDERS/BYTES] [--mib N] [--members N] [--python PATH --peers FOLDER --transfer FILE]"
        )
    }
    let (seconds, folder) = (option("--seconds").flatMap { Double($0) } ?? 5, option("--dir") ?? "/var/tmp")
    let brokers = BrokerMeasurements(kin: kin, folder: folder, seconds: seconds)
    if wants("daemon") {
        try printDaemonRows(kin, folder, seconds, brokers.redisEndToEnd(count: 500, bodyBytes: 128))
    }
    if wants("brokers") {
        Table.header("Brokers, durable sends")
        try await brokers.printRows(only: option("--only"))
    }
    if wants("crowd") { try printCrowd(kin, folder) }
    if wants("vault"), let python = option("--python"), let peers = option("--peers") {
        Table.header("The vault")
        try VaultMeasurements(seconds: seconds).printRows(
            beside: VaultPeer.run(python, peers + "/vault.py", seconds: seconds))
    }
    if wants("api") {
        Table.header("The local API")
        try APIMeasurements(family: BenchFamily(kin: kin, under: folder), seconds: seconds).printRows()
    }
    if wants("files"), let python = option("--python"), let script = option("--transfer") {
        Table.header("Files")
        try FileMeasurements(
            kin: kin, python: python, script: script, mebibytes: option("--mib").flatMap { Int($0) } ?? 1024
        ).printRows()
    }
    if wants("topics") {
        Table.header("A topic")
        try TopicMeasurements(
            kin: kin, folder: folder, members: option("--members").flatMap { Int($0) } ?? 100
        ).printRows(redisPort: Int.random(in: 21_000..<60_000))
    }
    if wants("relay") {
        Table.header("The relay")
        try await RelayMeasurements(kin: kin, folder: folder, seconds: seconds).printRows()
    }
    if let python = option("--python"), let peers = option("--peers") {
        if wants("links") {
            Table.header("Links")
            try await LinkMeasurements(
                kin: kin, python: python, script: peers + "/forwards.py", seconds: seconds
            ).printRows()
        }
        if wants("attach") {
            Table.header("Terminals")
            try AttachMeasurements(
                kin: kin, folder: folder, python: python, script: peers + "/terminals.py"
            ).printRows()
        }
    }
} catch {
    FileHandle.standardError.write(Data("kin-bench: \(error)\n".utf8))
    exit(1)
}
