import Foundation

// Prints the table of docs/benchmarks.md. Ratios are what to quote: all rows of one run share the machine and its mood.

func option(_ name: String) -> String? {
    let arguments = CommandLine.arguments
    guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return nil }
    return arguments[index + 1]
}

func milliseconds(_ seconds: Double) -> String { String(format: "%.2f ms", seconds * 1000) }

func row(_ what: String, _ samples: Samples, against floor: Samples? = nil) {
    var ratio = ""
    if let floor { ratio = String(format: "%.2f × the insert's rate", samples.perSecond / floor.perSecond) }
    print(
        "| \(what) | \(Int(samples.perSecond)) | \(milliseconds(samples.quantile(0.5))) | \(milliseconds(samples.quantile(0.99))) | \(ratio) |"
    )
}

do {
    guard let kin = option("--kin") else {
        throw BenchError("usage: kin-bench --kin PATH [--python PATH --peer FILE] [--seconds N] [--dir FOLDER]")
    }
    let seconds = option("--seconds").flatMap { Double($0) } ?? 5
    if CommandLine.arguments.contains("--brokers") {
        try await BrokerMeasurements(kin: kin, folder: option("--dir") ?? "/var/tmp", seconds: seconds).printRows(
            only: option("--only"))
        exit(0)
    }
    let family = try BenchFamily(kin: kin, under: option("--dir") ?? "/var/tmp")
    let measurements = Measurements(family: family, seconds: seconds)

    usleep(3_000_000)  // idle means idle
    let idle = try family.pids.map { try Measurements.memory(of: $0) }
    let insert = try measurements.loneInsert()
    let one = try measurements.accepts(callers: 1)
    try measurements.drained()
    let many = try measurements.accepts(callers: 64)
    try measurements.drained()
    let endToEnd = try measurements.endToEnd(count: 500)
    let command = try measurements.sendCommand(count: 30)
    let starts = try (0..<10).map { _ in try family.restart(1, name: "laptop") }

    print("| | per second | p50 | p99 | beside |")
    print("| --- | --- | --- | --- | --- |")
    row("lone durable SQLite insert, 100 B (the floor)", insert)
    row("`POST /v1/send`, 1 caller", one, against: insert)
    row("`POST /v1/send`, 64 callers", many, against: insert)
    row("end to end, paced: send until the other daemon's listener has it", endToEnd)
    row("`kin send` as a process", command)
    let answers = starts.map(\.answers).sorted()[5]
    let connected = starts.map(\.connected).sorted()[5]
    print("| `kin up` until its API answers, median of 10 | | \(milliseconds(answers)) | | |")
    print("| `kin up` until connected, median of 10 | | \(milliseconds(connected)) | | |")
    if let python = option("--python"), let peer = option("--peer") {
        try VaultMeasurements(seconds: seconds).printRows(beside: VaultPeer.run(python, peer, seconds: seconds))
    }
    for (name, memory) in zip(["server", "daemon", "daemon"], idle).dropLast() {
        print(
            String(
                format: "| idle %@: resident / its own (anonymous) | | %.1f MB | %.1f MB | |", name, memory.resident,
                memory.own))
    }
} catch {
    FileHandle.standardError.write(Data("kin-bench: \(error)\n".utf8))
    exit(1)
}
