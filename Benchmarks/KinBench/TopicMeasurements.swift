import Foundation

/// Posts of one device to a topic that many are in: real daemons, each with a listener of its own.
struct TopicMeasurements {
    let kin: String
    let folder: String
    let members: Int

    struct Result {
        /// Until any one has a post, and until the last has it.
        var any = Samples()
        var last = Samples()
        /// Posts one after the other as they are accepted, until all have the last.
        var posts = 0
        var wall = 0.0
        /// Processors that all processes take with nothing to do.
        var idle = 0.0
    }

    func printRows(redisPort: Int) throws {
        let ours = try run()
        let redis = try BrokerUnderLoad.isThere(.redis) ? runRedis(port: redisPort) : nil
        show("a post to \(members) daemons", ours, redis)
        Table.line("all of them before that, doing nothing", String(format: "%.2f processors", ours.idle))
        if let redis { show("Redis, XADD with PUBLISH to \(members) subscribers²", redis, nil) }
    }

    private func show(_ what: String, _ result: Result, _ peer: Result?) {
        func ratio(_ mine: Samples, _ other: Samples?) -> String? {
            other.map { String(format: "p50 %.1f × Redis", mine.quantile(0.5) / $0.quantile(0.5)) }
        }
        // Each is waited for: how many a second is said by the last row.
        for (name, mine, other) in [
            ("any of them", result.any, peer?.any), ("the last of them", result.last, peer?.last),
        ] {
            Table.line(
                "\(what), paced: until \(name) has it", p50: mine.quantile(0.5), p99: mine.quantile(0.99),
                ratio(mine, other) ?? "")
        }
        let rate = Double(result.posts) / result.wall
        let beside = peer.map { String(format: "; %.2f × Redis", rate / (Double($0.posts) / $0.wall)) } ?? ""
        Table.line(
            "\(what), as fast as they are accepted: posts", perSecond: rate,
            String(format: "%.0f deliveries a second", rate * Double(members)) + beside)
    }

    private static let (paced, burst) = (100, 300)

    private func run() throws -> Result {
        let names = (0...members).map { "peer\($0)" }
        let family = try BenchFamily(kin: kin, under: folder, names: names)
        let speaker = try family.http(1)
        guard try speaker.post("/v1/topic/create", #"{"topic":"bench"}"#).status == 200 else {
            throw BenchError("no topic could be made")
        }
        for home in 2...(members + 1) {
            let http = try family.http(home)
            try family.wait("\(names[home - 1]) to join", for: 60) {
                try http.post("/v1/topic/subscribe", #"{"topic":"bench"}"#).status == 200
            }
        }
        let listeners = try (2...(members + 1)).map { home in
            let http = try family.http(home)
            try http.openEvents()
            return http
        }
        // The first has everybody get the key.
        return try measure(
            listeners.map { http in { try http.readUntil($0) } }, warmUp: 60, settle: { $0.idle = family.settle() }
        ) { id in
            let body = #"{"topic":"bench","message":"\#(Measurements.body)","client_message_id":"\#(id)"}"#
            // A connection each: while a family settles, the daemon closes those that say nothing.
            guard try family.http(1).post("/v1/topic/post", body).status == 202 else {
                throw BenchError("a post was refused")
            }
        }
    }

    /// Redis puts each on its disk and hands it to those who listen, who keep nothing.
    private func runRedis(port: Int) throws -> Result {
        let redis = try BrokerUnderLoad(.redis, kin: kin, under: folder, port: port)
        return try withExtendedLifetime(redis) {
            let speaker = try LoadConnection(port: port)
            let listeners = try (0..<members).map { _ in
                let listener = try LoadConnection(port: port)
                try listener.write(RedisSender.command(["SUBSCRIBE", "bench"]))
                for _ in 0..<6 { _ = try listener.line() }
                return listener
            }
            let waits = listeners.map { listener in
                { @Sendable (id: String) in
                    let wanted = Array(id.utf8)
                    try listener.wait { bytes in bytes.firstRange(of: wanted).map { ((), $0.upperBound) } }
                }
            }
            return try measure(waits, warmUp: 5) { id in
                let body = "\(id) \(Measurements.body)"
                try speaker.write(
                    RedisSender.command(["MULTI"]) + RedisSender.command(["XADD", "s", "*", "d", body])
                        + RedisSender.command(["PUBLISH", "bench", body]) + RedisSender.command(["EXEC"]))
                // OK, QUEUED, QUEUED, *2, $N, id, :N
                for _ in 0..<7 { _ = try speaker.line() }
            }
        }
    }

    /// - Parameters:
    ///   - waits: one for each member: until it has the post with that id.
    ///   - post: returns once it is accepted.
    private func measure(
        _ waits: [@Sendable (String) throws -> Void], warmUp: Double, settle: (inout Result) -> Void = { _ in },
        _ post: (String) throws -> Void
    ) throws -> Result {
        let ids = (0..<Self.paced + Self.burst + 1).map { "post-\(getpid())-\($0)-" }
        let arrivals = Arrivals(members: waits.count, posts: ids.count)
        for (member, wait) in waits.enumerated() {
            Thread.detachNewThread {
                for (index, id) in ids.enumerated() {
                    do { try wait(id) } catch { return arrivals.fail("\(error)") }
                    arrivals.came(index, at: monotonicSeconds(), to: member)
                }
            }
        }
        try post(ids[0])
        try arrivals.waitForAll(of: 0, within: warmUp)
        var result = Result()
        settle(&result)
        for index in 1...Self.paced {
            let start = monotonicSeconds()
            try post(ids[index])
            try arrivals.waitForAll(of: index, within: 30)
            let times = arrivals.times(of: index).map { $0 - start }
            for time in times { result.any.add(time) }
            result.last.add(times.max() ?? 0)
            usleep(50_000)
        }
        let start = monotonicSeconds()
        for id in ids[(Self.paced + 1)...] { try post(id) }
        try arrivals.waitForAll(of: ids.count - 1, within: 120)
        (result.posts, result.wall) = (Self.burst, monotonicSeconds() - start)
        return result
    }
}

/// When each member had each post.
final class Arrivals: @unchecked Sendable {  // every access holds `condition`
    private let condition = NSCondition()
    private var at: [[Double]]
    private let members: Int
    private var failure: String?

    init(members: Int, posts: Int) {
        self.members = members
        at = Array(repeating: [], count: posts)
    }

    func came(_ post: Int, at time: Double, to member: Int) {
        condition.lock()
        at[post].append(time)
        if at[post].count == members { condition.broadcast() }
        condition.unlock()
    }

    func fail(_ reason: String) {
        condition.lock()
        failure = reason
        condition.broadcast()
        condition.unlock()
    }

    func waitForAll(of post: Int, within seconds: Double) throws {
        let deadline = Date(timeIntervalSinceNow: seconds)
        condition.lock()
        defer { condition.unlock() }
        while at[post].count < members {
            if let failure { throw BenchError("a listener failed: \(failure)") }
            guard condition.wait(until: deadline) else {
                throw BenchError("\(at[post].count) of \(members) had a post within \(Int(seconds)) s")
            }
        }
    }

    func times(of post: Int) -> [Double] {
        condition.lock()
        defer { condition.unlock() }
        return at[post]
    }
}
