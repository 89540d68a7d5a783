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

    private func status(_ health: DaemonHealth) throws -> [String] {
        let version = DaemonVersion(
            daemonVersion: "0.1.0", mesh: try #require(MeshID("home@\(wallet)")),
            member: ULID(milliseconds: 1, randomness: Array(repeating: 1, count: 10)),
            machineID: try #require(MachineID("0123456789abcdef")), name: try #require(DeviceName("laptop")),
            brokerFeatures: nil)
        let report = StatusReport(version: version, health: health, now: Stage.now)
        return Drawing.facts(report.facts).text(.plain).split(separator: "\n").map(String.init)
    }

    @Test("all is well in five lines")
    func well() throws {
        #expect(
            try status(health()) == [
                "device  laptop is up in home@\(wallet), kin 0.1.0",
                "broker  https://kin.example.org connected for 5 min",
                "relays  1 of 1 connected", "outbox  nothing waits", "inbox   12 messages",
            ])
    }

    @Test("a server that keeps revocations back is named, with what to do")
    func withheld() throws {
        var health = health()
        health.inbound = ["gap": 3]
        #expect(try status(health).count == 5)
        health.inbound["revocations_withheld"] = 1
        #expect(
            try status(health).last
                == "server  https://kin.example.org keeps back revocations that members know: use another with  kin up --server"
        )
    }

    @Test("what is wrong is said with its reason and what happens next")
    func wrong() throws {
        let lost = DaemonHealth.Server(
            address: "https://kin.example.org", connected: false, since: Stage.now - 3000, lastError: "nothing listens")
        let lines = try status(health(broker: lost, relays: [lost], pending: 3, dead: 2, inbox: 1))
        #expect(
            lines[1]
                == "broker  https://kin.example.org not connected for 3 s: nothing listens; messages wait here and go out by themselves"
        )
        #expect(lines[2] == "relays  0 of 1 connected; https://kin.example.org: nothing listens")
        #expect(lines[3] == "outbox  3 waiting, 2 will never go: see why with  kin outbox --failed")
        #expect(lines[4] == "inbox   1 message")
    }

    @Test("a server's words cannot break the lines")
    func hostile() throws {
        let lost = DaemonHealth.Server(
            address: "https://x", connected: false, since: Stage.now, lastError: "bad\ninbox   99 messages")
        #expect(try status(health(broker: lost)).count == 5)
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
