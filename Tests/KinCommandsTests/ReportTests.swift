import Foundation
import KinDaemonAPI
import KinEncoding
import KinWire
import Testing

@testable import KinCommands

@Suite("kin status and kin message")
struct ReportTests {
    private let wallet = "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk"

    private func health(
        broker: DaemonHealth.Server? = nil, relays: [DaemonHealth.Server]? = nil, pending: Int64 = 0, dead: Int64 = 0,
        inbox: Int64 = 12
    ) -> DaemonHealth {
        let good = DaemonHealth.Server(
            address: "https://kin.example.org", connected: true, since: Stage.now - 300_000, lastError: nil)
        return DaemonHealth(
            broker: broker ?? good, relays: relays ?? [good], outboxPending: pending, outboxDead: dead,
            inboxCount: inbox)
    }

    private func report(_ health: DaemonHealth) throws -> StatusReport {
        let version = DaemonVersion(
            daemonVersion: "0.1.0", mesh: try #require(MeshID("home@\(wallet)")),
            member: ULID(milliseconds: 1, randomness: Array(repeating: 1, count: 10)),
            machineID: try #require(MachineID("0123456789abcdef")), name: try #require(DeviceName("laptop")),
            brokerFeatures: nil)
        return StatusReport(version: version, health: health, now: Stage.now)
    }

    private func status(_ health: DaemonHealth) throws -> [String] {
        Drawing.facts(try report(health).facts).text(.plain).split(separator: "\n").map(String.init)
    }

    @Test("all is well in three lines, and exit code 0")
    func well() throws {
        #expect(
            try status(health()) == [
                "device  laptop is up in home@\(wallet), kin 0.1.0",
                "broker  https://kin.example.org connected for 5 min, 1 of 1 relays",
                "outbox  nothing waits; 12 messages in the inbox",
            ])
        #expect(try report(health()).status == .ok)
        #expect(try report(health()).json.isHealthy == true)
    }

    @Test("an inbox that is filled again says how far it has come, which is nothing wrong")
    func refilling() throws {
        var filling = health()
        filling.inboxRefilled = 512
        #expect(
            try status(filling).last
                == "outbox  nothing waits; 12 messages in the inbox, which is filled again from the server (512 so far)"
        )
        #expect(try report(filling).status == .ok)
    }

    @Test("one server that is away is one line, with since when, why, when it is tried again and what waits for it")
    func away() throws {
        var lost = DaemonHealth.Server(
            address: "https://kin.example.org", connected: false, since: Stage.now - 3000, lastError: "nothing listens")
        lost.nextAttemptAt = Stage.now + 2000
        let lines = try status(health(broker: lost, relays: [lost], pending: 3, inbox: 1))
        #expect(
            lines == [
                "device  laptop is up in home@\(wallet), kin 0.1.0",
                "broker  https://kin.example.org not connected for 3 s (nothing listens): see that the server is up and this machine is online; it is tried again in 2 s; 3 messages wait here until then",
                "outbox  3 waiting; 1 message in the inbox",
            ])
        #expect(try report(health(broker: lost)).status == .failed)
    }

    /// A condition, and the line that tells it.
    struct Case: CustomTestStringConvertible, Sendable {
        var line: String
        var code: String
        var set: @Sendable (inout DaemonHealth) -> Void
        var testDescription: String { code }

        init(_ code: String, _ line: String, _ set: @escaping @Sendable (inout DaemonHealth) -> Void) {
            (self.line, self.code, self.set) = (line, code, set)
        }

        static func refused(_ code: String, _ advice: String) -> Case {
            Case(
                code,
                "broker  https://kin.example.org not connected for 5 min (it says why): \(advice)"
            ) { health in
                health.broker.connected = false
                health.broker.code = code
                health.broker.lastError = "it says why"
            }
        }
    }

    @Test(
        "each thing that is wrong has its line, its code and what to do",
        arguments: [
            .refused("clock_skew", "set this machine's clock right"),
            .refused("mesh_not_allowed", "have its keeper let this family in"),
            .refused("credential_used_up", "kin wallet forget , then join again with a new credential"),
            .refused(
                "unauthorized", "dial it by a name it knows, and see that this device's certificate is valid"),
            .refused("member_revoked", "if this device was revoked, start afresh; if not, use another server"),
            Case(
                "clone_suspected",
                "host    this home was made on another machine: kin daemon accept-host  if it moved,  kin daemon remint  if it is a copy"
            ) { $0.cloneSuspected = true },
            Case("outbox_high", "room    what waits takes 81 % of the outbox's room: send less until it has left") {
                ($0.outboxPressure, $0.outboxBytes, $0.outboxMaxBytes) = ("high", 81, 100)
            },
            Case(
                "outbox_refusing",
                "room    what waits takes 96 % of the outbox's room: nothing new is taken; wait until it has left, or  kin outbox drop  some"
            ) { ($0.outboxPressure, $0.outboxBytes, $0.outboxMaxBytes) = ("refusing", 96, 100) },
            Case(
                "outbox_full",
                "room    what waits takes 100 % of the outbox's room: only receiving goes on; make room on the disk or in the outbox"
            ) { ($0.outboxPressure, $0.outboxBytes, $0.outboxMaxBytes) = ("full", 100, 100) },
            Case(
                "disk_nearly_full", "disk    the disk of this home is 95 % full: make room, or soon nothing can be sent"
            ) {
                $0.diskPercent = 95
            },
            Case(
                "disk_full",
                "room    the disk of this home is full: make room: nothing can be sent until then, and what comes may not be stored"
            ) { ($0.outboxPressure, $0.outboxBytes, $0.outboxMaxBytes) = ("full", 1, 100) },
            Case("succession", "wallet  another claims it: kin wallet rotate --help  says more") {
                ($0.succession, $0.successionWaits) = ("another claims it", true)
            },
            Case(
                "messages_failed",
                "failed  2 will never go, 1 refused by their recipients: see why with  kin outbox --failed , then  kin outbox requeue  or  drop  each"
            ) { ($0.outboxDead, $0.outboxRefused) = (2, 1) },
            Case(
                "storage_full",
                "outbox  1 message waits, the oldest for 2 min, refused for now (storage_full): they are tried again by themselves;  kin outbox  lists them"
            ) { ($0.outboxPending, $0.outboxOldestAt, $0.outboxRefusal) = (1, Stage.now - 120_000, "storage_full") },
            Case(
                "relay_unreachable",
                "relays  1 of 2 not reached: https://b (gone): others may not find this device; see that the server is up and this machine is online"
            ) {
                $0.relays.append(.init(address: "https://b", connected: false, since: Stage.now, lastError: "gone"))
            },
            Case(
                "relay_full",
                "relays  1 of 2 not reached: https://b (full): others may not find this device; it takes no more devices now: use another server as well"
            ) {
                $0.relays.append(.init(address: "https://b", connected: false, since: Stage.now, lastError: "full"))
                $0.relays[1].code = "relay_full"
            },
            Case(
                "policy_differs",
                "policy  the server does not hold what an owner set (prefer_oldest): set it again on an owner device with  kin mesh set"
            ) { ($0.policyDiffers, $0.concurrentPolicy) = (true, .preferOldest) },
            Case(
                "revocations_withheld",
                "server  https://kin.example.org keeps back revocations that members know: use another with  kin up --server"
            ) { $0.broker.code = "revocations_withheld" },
            Case("family_alert", "alert   x is withheld: kin mesh members  says more") {
                $0.alerts = ["x is withheld"]
            },
        ] as [Case])
    func each(one: Case) throws {
        var health = health()
        one.set(&health)
        let report = try report(health)
        #expect(report.problems.map(\.code) == [one.code])
        #expect(report.status == .failed)
        let lines = try status(health)
        #expect(lines.count <= StatusReport.maxLines)
        #expect(lines.dropFirst().first == one.line)
    }

    @Test("what is no trouble has no line: a short wait, a disk with room, a move that goes on by itself")
    func quiet() throws {
        var health = health(pending: 2)
        health.outboxOldestAt = Stage.now - 59_000
        health.diskPercent = 94
        (health.succession, health.successionWaits) = ("moving", false)
        #expect(try report(health).problems == [])
    }

    @Test("of copies that are allowed side by side one is registered, which is no trouble")
    func copies() throws {
        var health = health()
        health.relays[0].connected = false
        health.relays[0].lastError = "replaced_by_newer_connection"
        #expect(try report(health).problems.map(\.code) == ["relay_unreachable"])
        health.concurrentPolicy = .allowConcurrent
        #expect(try report(health).problems == [])
    }

    @Test("another policy than the usual one is named")
    func policy() throws {
        var health = health()
        health.concurrentPolicy = .allowConcurrent
        #expect(try status(health)[1].hasSuffix("1 of 1 relays, allow_concurrent"))
    }

    @Test("however much is wrong there are five lines, the worst first, and JSON has all")
    func many() throws {
        var health = health(dead: 1)
        health.broker.connected = false
        health.cloneSuspected = true
        health.outboxPressure = "full"
        health.policyDiffers = true
        health.alerts = ["x"]
        let lines = try status(health)
        #expect(lines.count == 5)
        #expect(lines[1].hasPrefix("host") && lines[2].hasPrefix("broker") && lines[3].hasPrefix("room"))
        #expect(lines[4] == "more    3 further problems:  kin status --json  has all")
        #expect(try report(health).json.problemCodes.count == 6)
    }

    @Test("a server's words cannot break the lines")
    func hostile() throws {
        let lost = DaemonHealth.Server(
            address: "https://x", connected: false, since: Stage.now, lastError: "bad\ninbox   99 messages")
        #expect(try status(health(broker: lost)).count == 3)
    }

    @Test("where no daemon runs the last line of its log says why, unless it was stopped or started since")
    func ended() throws {
        let failed =
            #"{"code":"replaced_by_newer_connection","error":"another took over","event":"failed","level":"critical","time":5}"#
        let start = #"{"event":"started","level":"notice","time":6}"#
        let end = try #require(LastEnd(log: Array("cut off}\n\(start)\n\(failed)\n".utf8)))
        #expect(end == LastEnd(code: "replaced_by_newer_connection", message: "another took over", at: 5))
        #expect(LastEnd(log: Array("\(failed)\n\(start)\n".utf8)) == nil)
        #expect(LastEnd(log: Array("\(failed)\n{\"event\":\"stopped\"}\n".utf8)) == nil)
        #expect(LastEnd(log: [0xff, 10]) == nil)
        let down = StatusWhenDown(wallet: try #require(WalletAddress(wallet)), revokedBy: nil, lastEnd: end)
        #expect(
            Drawing.facts(down.facts).text(.plain).split(separator: "\n") == [
                "device  not running: start it with  kin up",
                "ended   another took over (replaced_by_newer_connection)", "wallet  \(wallet)",
            ])
    }

    @Test(
        "where another start does not help none is advised; a posted word that waits for a key is not said to be refused"
    )
    func noUse() throws {
        let end = LastEnd(code: "credential_used_up", message: "used up", at: 5)
        let down = StatusWhenDown(wallet: try #require(WalletAddress(wallet)), revokedBy: nil, lastEnd: end)
        #expect(down.facts.prefix(2).map(\.value) == ["not running", "used up (credential_used_up)"])
        var health = health(pending: 1)
        (health.outboxRefusal, health.outboxOldestAt) = (KeyWait.code, Stage.now - 120_000)
        let problem = try #require(StatusProblem.found(in: health, now: Stage.now).first)
        #expect(problem.code == KeyWait.code && problem.what.hasSuffix("for the key of a topic"))
        #expect(!problem.what.contains("refused"))
        health.outboxOldestAt = Stage.now - 1_000
        #expect(try status(health).last?.contains("1 waiting (for the key of a topic") == true)
    }

    private func message(_ change: (inout MessageStatus) -> Void) throws -> [String] {
        var status = MessageStatus(
            clientMessageID: try #require(ClientMessageID("m-1")), status: .queued, to: "studio", toMember: "01J",
            priority: .next, queuedAt: Stage.now, relayedAt: nil, deliveredAt: nil, readAt: nil, expiresAt: nil,
            brokerMessageID: nil, lastError: nil)
        change(&status)
        let moments = Moments(now: Stage.now, timeZone: try #require(TimeZone(identifier: "UTC")))
        return Drawing.facts(MessageReport(status: status, moments: moments).facts).text(.plain)
            .split(separator: "\n").map(String.init)
    }

    @Test("a message shows each state it reached with its time")
    func delivered() throws {
        let lines = try message { status in
            status.status = .delivered
            status.relayedAt = Stage.now + 20
            status.deliveredAt = Stage.now + 61_000
        }
        #expect(
            lines == [
                "message    m-1 to studio", "queued     2026-11-21 10:03:12",
                "relayed    2026-11-21 10:03:12  after 20 ms", "delivered  2026-11-21 10:04:13  after 1 min",
            ])
    }

    @Test("a dead message says why, a refused one that it goes on")
    func dead() throws {
        let dead = try message { status in
            status.status = .dead
            status.lastError = "expired"
        }
        #expect(dead.last == "dead     expired")
        let refused = try message { $0.lastError = "storage_full" }
        #expect(refused.last == "waits    storage_full; it is tried again")
    }
}

extension JSON {
    fileprivate var isHealthy: Bool? {
        if case .object(let members) = self, case .bool(let value)? = members["healthy"] { value } else { nil }
    }

    fileprivate var problemCodes: [JSON] {
        guard case .object(let members) = self, case .array(let problems)? = members["problems"] else { return [] }
        return problems.compactMap { if case .object(let problem) = $0 { problem["code"] } else { nil } }
    }
}
