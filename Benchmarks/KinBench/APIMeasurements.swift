import Foundation

/// Requests to the local API over its Unix socket, beside nginx on one that answers the same bytes out of its memory.
struct APIMeasurements {
    private static let callers = [1, 32]

    let family: BenchFamily
    let seconds: Double

    func printRows() throws {
        let http = try family.http(1)
        let sender = try family.http(2)
        for number in 1...20 {
            // Only of the first daemon is it certain that it knows the others.
            try family.wait("the daemons to know each other", for: 20) {
                try sender.post("/v1/send", #"{"to":"laptop","message":"\#(Measurements.body) \#(number)"}"#).status
                    == 202
            }
        }
        try family.wait("20 messages", for: 20) { try http.get("/v1/health").body.contains("\"messages\":20") }
        for path in ["/v1/version", "/v1/health", "/v1/inbox?limit=20"] {
            let answer = try http.get(path).body
            for callers in Self.callers {
                let ours = try gets(path, family.socket(1), callers)
                let peer = try nginx(answering: answer).map { try gets("/", $0.socket, callers) }
                let what = "`GET \(path)`, \(Self.connections(callers)), \(answer.utf8.count) B"
                Table.row(what, ours, peer.map { (ours, $0, "nginx") })
                if let peer { Table.row("nginx, the same bytes, \(Self.connections(callers))", peer) }
            }
        }
        try printSends()
    }

    /// With the server away, so that accepting is all that happens.
    private func printSends() throws {
        family.stopServer()
        let measurements = Measurements(family: family, seconds: seconds)
        for callers in Self.callers {
            let (floor, ours) = (try syncedWrites(callers), try measurements.accepts(callers: callers))
            Table.row("`POST /v1/send`, \(Self.connections(callers))", ours, (ours, floor, "the floor's rate"))
            Table.row(
                "floor: 100 B appended and synced, \(callers == 1 ? "1 thread" : "\(callers) threads with a file each")",
                floor)
        }
    }

    private static func connections(_ count: Int) -> String { count == 1 ? "1 connection" : "\(count) connections" }

    private func gets(_ path: String, _ socket: String, _ callers: Int) throws -> Samples {
        let connections = try (0..<callers).map { _ in try UnixHTTP(socket) }
        return try together(
            connections.map { http in
                { [seconds] in
                    try measure(for: seconds) {
                        guard try http.get(path).status == 200 else { throw BenchError("\(path) was refused") }
                    }
                }
            })
    }

    /// `write` and `fdatasync` of as many bytes as a message has.
    private func syncedWrites(_ threads: Int) throws -> Samples {
        let body = Array(Measurements.body.utf8)
        let folder = family.folder
        return try together(
            (0..<threads).map { index in
                { [seconds] in
                    let file = open("\(folder)/floor-\(index)", O_CREAT | O_WRONLY | O_APPEND | O_TRUNC, 0o600)
                    defer { close(file) }
                    return try measure(for: seconds) {
                        guard write(file, body, body.count) == body.count, fdatasync(file) == 0 else {
                            throw BenchError("the disk refused")
                        }
                    }
                }
            })
    }

    private func together(_ works: [@Sendable () throws -> Samples]) throws -> Samples {
        let results = Collected(count: works.count)
        let start = monotonicSeconds()
        for (index, work) in works.enumerated() {
            Thread.detachNewThread { results.set(index, (try? work()) ?? Samples()) }
        }
        results.waitForAll()
        var all = results.samples
        guard all.count > 0 else { throw BenchError("nothing was answered") }
        all.wall = monotonicSeconds() - start
        return all
    }

    /// nil where it is not installed.
    private func nginx(answering body: String) throws -> (socket: String, process: NginxPeer)? {
        let folder = "\(family.folder)/nginx"
        let socket = folder + "/sock"
        let peer = try NginxPeer(answering: body, at: "unix:\(socket)", in: folder) {
            (try? UnixHTTP(socket).get("/").body) == body
        }
        return peer.map { (socket, $0) }
    }
}
