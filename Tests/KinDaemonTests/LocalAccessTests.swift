import Foundation
import KinCrypto
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinMetrics
import KinTestServer
import KinTesting
import KinWire
import Logging
import Testing

@testable import KinDaemon

@Suite struct LocalTokenTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path + "/local_token"
    }

    private func line() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    private func secret(_ text: String) -> SecretBytes { SecretBytes(copying: Array(text.utf8)) }

    @Test(
        "a token is made at first need: one line of 32 random bytes that only the user reads; the next start has the same"
    )
    func made() throws {
        try LocalTokens(path: path).prepare()
        let text = try line()
        #expect(text.count == 44 && text.hasSuffix("\n"))
        #expect(try Base64URL.decode(String(text.dropLast())).count == 32)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let again = LocalTokens(path: path)
        try again.prepare()
        #expect(try line() == text)
        #expect(again.accepts(secret(String(text.dropLast())), now: 0))
        for wrong in ["", "x", text, String(text.dropLast(2)), String(text.dropLast(2)) + "!"] {
            #expect(!again.accepts(secret(wrong), now: 0))
        }
    }

    @Test("two tokens are never the same")
    func random() throws {
        try LocalTokens(path: path).prepare()
        try LocalTokens(path: path + "2").prepare()
        #expect(try line() != String(contentsOfFile: path + "2", encoding: .utf8))
    }

    @Test("a token that others can read is refused with what to run, and one that is none, too")
    func loose() throws {
        try LocalTokens(path: path).prepare()
        chmod(path, 0o644)
        let loose = #expect(throws: KinError.self) { try LocalTokens(path: path).prepare() }
        #expect(loose?.code == "loose_mode" && loose?.message.contains("chmod 600 \(path)") == true)
        for content in ["", "short\n", String(repeating: "x", count: 42) + "!\n"] {
            try StateFolder.write(Array(content.utf8), to: path, mode: 0o600)
            #expect(throws: KinError.self) { try LocalTokens(path: path).prepare() }
        }
    }

    @Test("after a change the former token is taken for a minute, and the one before it no more")
    func renewed() throws {
        let tokens = LocalTokens(path: path)
        try tokens.prepare()
        let first = secret(try String(line().dropLast()))
        #expect(try tokens.renew(now: 1000) == 61_000)
        let second = secret(try String(line().dropLast()))
        #expect(first != second)
        #expect(tokens.accepts(first, now: 60_999) && tokens.accepts(second, now: 60_999))
        #expect(!tokens.accepts(first, now: 61_000) && tokens.accepts(second, now: 61_000))
        _ = try tokens.renew(now: 2000)
        #expect(!tokens.accepts(first, now: 2001) && tokens.accepts(second, now: 2001))
        let restarted = LocalTokens(path: path)
        try restarted.prepare()
        #expect(!restarted.accepts(second, now: 2001))
    }

    @Test("a token that cannot be written is not taken either: the former one holds")
    func unwritable() throws {
        let tokens = LocalTokens(path: path)
        try tokens.prepare()
        let first = secret(try String(line().dropLast()))
        // Root may write anywhere; a folder in its place nobody replaces.
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path + "/x", withIntermediateDirectories: true)
        #expect(throws: KinError.self) { _ = try tokens.renew(now: 0) }
        #expect(tokens.accepts(first, now: .max))
    }
}

@Suite struct RequestFlowTests {
    private let clock = Observed(ContinuousClock.now)

    private func flow(_ limits: RequestFlow.Limits) -> RequestFlow {
        RequestFlow(limits) { [clock] in clock.value }
    }

    private func code(_ flow: RequestFlow) -> String? {
        do {
            _ = try flow.enter()
            return nil
        } catch let refusal as LocalRefusal {
            return "\(refusal.status.code) \(refusal.error.code) \(refusal.headers[.retryAfter] ?? "")"
        } catch { return "\(error)" }
    }

    @Test("over TCP 1,000 requests may come at once, then 100 a second")
    func rate() {
        let flow = flow(.tcp)
        for _ in 0..<1000 { #expect(code(flow) == nil) }
        #expect(code(flow) == "429 rate_limited 1")
        clock.update { $0 += .seconds(1) }
        for _ in 0..<100 { #expect(code(flow) == nil) }
        #expect(code(flow) == "429 rate_limited 1")
        clock.update { $0 += .seconds(3600) }
        for _ in 0..<1000 { #expect(code(flow) == nil) }
        #expect(code(flow) == "429 rate_limited 1")
    }

    @Test("over TCP 64 requests are answered at once, over the socket 1,024 and as fast as they come")
    func inFlight() throws {
        for (limits, count) in [(RequestFlow.Limits.tcp, 64), (.socket, 1024)] {
            let flow = flow(limits)
            var passages = try (0..<count).map { _ in try flow.enter() }
            #expect(code(flow) == "429 daemon_busy 1")
            passages.removeLast()
            #expect(code(flow) == nil)
            withExtendedLifetime(passages) {}
        }
        let socket = flow(.socket)
        for _ in 0..<5000 { #expect(code(socket) == nil) }
    }
}

@Suite struct RefusedRequestTests {
    @Test("refusals are counted, and told seldom, without what was shown")
    func told() {
        let lines = Observed([String]())
        let counters = MetricRegistry().counters("refused_total", "", by: "reason", RefusedRequests.reasons)
        let refused = RefusedRequests(counters, logger: .recording(into: lines))
        for _ in 0..<100 { refused.note("token_invalid", via: "tcp", showsCredential: true) }
        refused.note("rate_limited", via: "tcp", showsCredential: true)
        refused.note("unknown_recipient", via: "tcp", showsCredential: true)
        #expect(counters["token_invalid"].value == 100 && counters["rate_limited"].value == 1)
        #expect(counters["other"].value == 0)
        #expect(lines.value.count == 1)
        #expect(lines.value[0].contains("notice ipc_refused") && lines.value[0].contains("Bearer ***"))
    }
}

@Suite struct EventHubTests {
    private func event(_ id: Int64, bytes: Int = 10) -> DaemonEvent {
        DaemonEvent(kind: .message, id: id, data: .string(String(repeating: "x", count: bytes)))
    }

    @Test("who does not read is cut off after so many events, and hears what waited for it")
    func backlog() async throws {
        let hub = EventHub()
        let listener = try #require(hub.listen())
        for id in 1...Int64(EventHub.backlog) + 5 { hub.publish(event(id)) }
        #expect(hub.listeners == 0 && listener.isCutOff)
        var heard: [Int64?] = []
        for await item in listener.items { heard.append(item.id) }
        #expect(heard == (1...Int64(EventHub.backlog)).map { $0 })
    }

    @Test("who does not read large events is cut off by their bytes; one alone may be of any size")
    func bytes() throws {
        let hub = EventHub()
        let listener = try #require(hub.listen())
        hub.publish(event(1, bytes: 2 * EventHub.backlogBytes))
        #expect(!listener.isCutOff)
        hub.publish(event(2))
        #expect(listener.isCutOff && hub.listeners == 0)
    }

    @Test("who reads is not cut off, however much there is")
    func reading() async throws {
        let hub = EventHub()
        let listener = try #require(hub.listen())
        var items = listener.items.makeAsyncIterator()
        for id in 1...Int64(100) {
            hub.publish(event(id, bytes: 1 << 20))
            let item = try #require(await items.next())
            listener.took(item)
            #expect(item.id == id)
        }
        #expect(!listener.isCutOff)
    }

    @Test("at most 32 listen; one that goes makes room, also one that never read")
    func listeners() throws {
        let hub = EventHub()
        var all = (0..<EventHub.maxListeners).compactMap { _ in hub.listen() }
        #expect(all.count == EventHub.maxListeners && hub.listen() == nil)
        all.removeLast()
        #expect(hub.listen() != nil)
        withExtendedLifetime(all) {}
    }

    @Test("a stream that ends with its daemon is not one that was cut off")
    func ended() async throws {
        let hub = EventHub()
        let listener = try #require(hub.listen())
        hub.publish(event(1))
        hub.end()
        hub.publish(event(2))
        var heard: [Int64?] = []
        for await item in listener.items { heard.append(item.id) }
        #expect(heard == [1] && !listener.isCutOff)
    }
}

@Suite struct LocalAPISettingsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func read(_ text: String) throws -> LocalAPISettings {
        let state = StateFolder(root: folder.path)
        try Data(text.utf8).write(to: URL(fileURLWithPath: state.configPath))
        return try DaemonSettings(reading: state).localAPI
    }

    @Test("where the local API answers is a setting")
    func listen() throws {
        #expect(try read("").listen == nil)
        #expect(try read("[ipc]\ntcp = false").listen == .socketOnly)
        #expect(try read("[ipc]\ntcp = true").listen == .tcp(port: nil))
        #expect(try read("[ipc]\nport = 8000").listen == .tcp(port: 8000))
        #expect(try read("[ipc]\ntcp = true\nport = 8000").listen == .tcp(port: 8000))
        #expect(try read("[ipc]\npublic_health_check = true").isHealthPublic)
        #expect(try !read("").isHealthPublic && read("").allowedOrigins == [])
        #expect(
            try read("[ipc]\nallowed_origins = [\"http://localhost:3000\"]").allowedOrigins == ["http://localhost:3000"]
        )
    }

    @Test(
        "what has no meaning is refused with its line",
        arguments: [
            "[ipc]\ntcp = false\nport = 8000", "[ipc]\n# x\nport = 0", "[ipc]\n# x\nport = 65536",
            "[ipc]\n# x\nprot = 1", "[ipc]\n# x\nallowed_origins = [\"null\"]",
            "[ipc]\n# x\nallowed_origins = [\"*\"]", "[ipc]\n# x\nallowed_origins = [\"http://\"]",
            "[ipc]\n# x\nallowed_origins = [\"http://a/\"]", "[ipc]\n# x\nallowed_origins = [\"http://A\"]",
            "[ipc]\n# x\nallowed_origins = \"http://a\"",
        ])
    func refused(_ text: String) {
        let error = #expect(throws: KinError.self) { _ = try read(text) }
        #expect(error?.code == "config_invalid" && error?.message.contains("line 3") == true, "\(error?.message ?? "")")
    }
}
