import Foundation
import GRDB

/// What is measured, each by itself.
struct Measurements {
    let family: BenchFamily
    let seconds: Double

    static let body = String(repeating: "x", count: 100)

    /// One durable insert after another, by the same library with the same settings: the floor of an accept.
    func loneInsert() throws -> Samples {
        let pool = try DatabasePool(path: family.folder + "/floor.db")
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        try pool.write { try $0.execute(sql: "CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)") }
        let body = Data(Self.body.utf8)
        return try measure(for: seconds) {
            try pool.write { try $0.execute(sql: "INSERT INTO t (body) VALUES (?)", arguments: [body]) }
        }
    }

    /// `POST /v1/send` from `callers` connections, each one request at a time.
    func accepts(callers: Int) throws -> Samples {
        let connections = try (0..<callers).map { _ in try family.http(1) }
        let results = Collected(count: callers)
        let start = monotonicSeconds()
        for (index, connection) in connections.enumerated() {
            Thread.detachNewThread { [seconds] in
                results.set(index, Self.sendRepeatedly(connection, for: seconds))
            }
        }
        results.waitForAll()
        var all = results.samples
        all.wall = monotonicSeconds() - start
        return all
    }

    private static func sendRepeatedly(_ http: UnixHTTP, for seconds: Double) -> Samples {
        let request = #"{"to":"studio","message":"\#(body)"}"#
        return
            (try? measure(for: seconds) {
                guard try http.post("/v1/send", request).status == 202 else { throw BenchError("a send was refused") }
            }) ?? Samples()
    }

    /// From just before the send until the recipient's listener has it, one message at a time.
    func endToEnd(count: Int) throws -> Samples {
        try drained()
        let sender = try family.http(1)
        let listener = try family.http(2)
        try listener.openEvents()
        var samples = Samples()
        for index in 0..<count {
            let id = "e2e-\(getpid())-\(index)"
            let start = monotonicSeconds()
            _ = try sender.post("/v1/send", #"{"to":"studio","message":"\#(Self.body)","client_message_id":"\#(id)"}"#)
            try listener.readUntil(id)
            samples.add(monotonicSeconds() - start)
            usleep(5_000)
        }
        return samples
    }

    /// Everything accepted so far has left.
    func drained() throws {
        let http = try family.http(1)
        for _ in 0..<6_000 {
            if try http.get("/v1/health").body.contains("\"pending\":0") { return }
            usleep(20_000)
        }
        throw BenchError("the outbox did not drain in 120 s")
    }

    /// `kin send` as a whole process.
    func sendCommand(count: Int) throws -> Samples {
        var samples = Samples()
        for _ in 0..<count {
            let start = monotonicSeconds()
            try family.runToEnd(home: 1, ["send", "studio", "hello"])
            samples.add(monotonicSeconds() - start)
        }
        return samples
    }

    /// Megabytes: resident, and private to the process.
    static func memory(of pid: Int32) throws -> (resident: Double, own: Double) {
        let text = try String(contentsOfFile: "/proc/\(pid)/smaps_rollup", encoding: .utf8)
        func kilobytes(_ name: String) -> Double {
            let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
            return line?.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? .nan
        }
        return (kilobytes("Rss") / 1024, kilobytes("Anonymous") / 1024)
    }
}

/// Results of several threads.
final class Collected: @unchecked Sendable {  // every access holds `condition`
    private let condition = NSCondition()
    private var parts: [Samples?]

    init(count: Int) { parts = Array(repeating: nil, count: count) }

    func set(_ index: Int, _ samples: Samples) {
        condition.lock()
        parts[index] = samples
        condition.broadcast()
        condition.unlock()
    }

    func waitForAll() {
        condition.lock()
        while parts.contains(where: { $0 == nil }) { condition.wait() }
        condition.unlock()
    }

    var samples: Samples {
        parts.reduce(into: Samples()) { all, part in if let part { all.add(part) } }
    }
}
