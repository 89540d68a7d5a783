import Foundation
import KinDaemonAPI
import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import Testing

@testable import KinDaemon

/// An inbox that was damaged comes back from the broker's history.
@Suite struct InboxRefillTests {
    @Test(
        "everything is back in its order, without an event or a receipt, and what arrives meanwhile is news behind it")
    func whole() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "kiosk", "studio")
            let (laptop, kiosk, studio) = (daemons[0], daemons[1], daemons[2])
            async let one: Void = laptop.deliver((1...300).map { "laptop \($0)" }, to: "studio")
            async let two: Void = kiosk.deliver((1...300).map { "kiosk \($0)" }, to: "studio")
            _ = try await (one, two)
            let before = try await studio.inbox()
            #expect(before.count == 600)
            let last = try #require(before.last?.id)
            try await studio.stop()
            try House.damage("inbox.db", of: studio.state)
            // What is relayed now is on the broker's disk behind the acknowledgements.
            let live = try await laptop.send("live 1", to: "studio")
            try await laptop.waits(for: live.clientMessageID, toBe: .relayed)

            let log = Observed([String]())
            let again = try await house.restart(studio, log: log)
            let heard = Observed([DaemonEvent]())
            let events = try await again.client.events(after: last)
            let listening = Task { for try await event in events { heard.update { $0.append(event) } } }
            for number in 2...3 { try await kiosk.deliver(["live \(number)"], to: "studio") }
            try await laptop.waits(for: live.clientMessageID, toBe: .delivered)
            try await again.isWhole()

            let after = try await again.inbox()
            #expect(after.map(\.body) == before.map(\.body) + (1...3).map { "live \($0)" })
            #expect(after.prefix(600).map(\.clientMessageID) == before.map(\.clientMessageID))
            #expect(after.prefix(600).map(\.id) == (-599...0).map { $0 })
            #expect(after.prefix(600).allSatisfy { $0.readAt == nil && $0.receivedAt <= $0.createdAt + 60_000 })
            let messages = try await heard.wait { $0.count { $0.kind == .message } >= 3 }
                .filter { $0.kind == .message }
            #expect(messages.map(\.id) == after.suffix(3).map(\.id))
            #expect(try await again.client.inbox(InboxParameters(cursor: String(last))).messages == after.suffix(3))
            listening.cancel()
            #expect(try await again.client.inbox(InboxParameters(cursor: "-3")).messages == after.suffix(6))
            let resumed = try await again.client.events(after: -2)
            let replayed = try await within(.seconds(20), "what came after -2") {
                try await resumed.filter { $0.kind == .message }.prefix(5).reduce(into: []) { $0.append($1.id) }
            }
            #expect(replayed == [-1, 0] + after.suffix(3).map(\.id))

            let figures = try await again.figures()
            #expect(figures["kin_daemon_refilled_total"] == 600 && figures["kin_daemon_recv_total"] == 3)
            for sender in [laptop, kiosk] { #expect(try await sender.client.health().inbound == [:]) }
            #expect(try await again.client.health().inbound == [:])
            try expectLog(log.value, in: again)
        }
    }

    @Test("posts of topics come back with what was sent directly, in one order")
    func posts() async throws {
        try await House.run { house in
            let (a, b, _) = try await house.three()
            _ = try await a.client.createTopic(TopicTests.alerts, members: nil)
            try await b.joins(TopicTests.alerts)
            for number in 1...20 {
                _ = try await a.says("post \(number)")
                try await a.deliver(["direct \(number)"], to: "bbb")
            }
            let before = try await b.bodies(40)
            try await b.stop()
            try House.damage("inbox.db", of: b.state)
            let again = try await house.restart(b)
            try await again.isWhole()
            #expect(try await again.bodies(40) == before)
            #expect(try await again.inbox().count { $0.topic == TopicTests.alerts } == 20)
        }
    }

    private func expectLog(_ lines: [String], in daemon: TestDaemon) throws {
        let aside = lines.filter { $0.hasPrefix("warning inbox_corruption_recovered") }
        #expect(aside.count == 1)
        let path = try #require(
            try FileManager.default.contentsOfDirectory(atPath: daemon.state.daemon())
                .first { $0.hasPrefix("inbox.db.corrupt-") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") })
        #expect(aside.first?.contains("\(daemon.state.daemon())/\(path)") == true)
        let told = lines.filter { $0.contains("inbox_refill") }
        #expect(told.count == 1 && told[0].hasPrefix("notice inbox_refilled"), "\(told)")
        #expect(["\"messages\": 600", "\"refused\": 0"].allSatisfy { told[0].contains($0) }, "\(told)")
    }

    @Test("it waits for the server, says how far it has come, and goes on over a restart")
    func goesOn() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            try await daemons[0].deliver((1...5).map { "\($0)" }, to: "studio")
            try await daemons[1].stop()
            try House.damage("inbox.db", of: daemons[1].state)
            try await house.server.stop()
            for _ in 0..<2 {
                let studio = try await house.restart(daemons[1])
                #expect(try await studio.client.health().inboxRefilled == 0)
                #expect(try await studio.inbox() == [])
                try await studio.stop()
            }
            try await house.server.start()
            let studio = try await house.restart(daemons[1])
            try await studio.isWhole()
            #expect(try await studio.inbox().map(\.body) == (1...5).map { "\($0)" })
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: studio.state.daemon())
                    .filter { $0.hasPrefix("inbox.db.") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }.count == 1)
        }
    }

    @Test("another server that has nothing of it ends the refill with nothing")
    func otherServer() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            try await daemons[0].deliver(["lost"], to: "studio")
            try await daemons[1].stop()
            try House.damage("inbox.db", of: daemons[1].state)
            try await house.server.stop()
            try await house.server.start(forgetful: true)
            let log = Observed([String]())
            let studio = try await house.restart(daemons[1], log: log)
            try await studio.isWhole()
            #expect(try await studio.inbox() == [])
            #expect(log.value.contains { $0.hasPrefix("notice inbox_refilled") && $0.contains("\"messages\": 0") })
        }
    }

    @Test("a damaged outbox is refused before anything of the inbox is moved")
    func order() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            try await daemons[0].deliver((1...50).map { "\($0)" }, to: "studio")
            try await daemons[1].deliver(["x"], to: "laptop")
            for daemon in daemons { try await daemon.stop() }
            let state = daemons[0].state
            try House.damage("outbox.db", of: state)
            try House.damage("inbox.db", of: state)
            let error = await #expect(throws: KinError.self) { try await house.restart(daemons[0]) }
            #expect(error?.code == "store_corrupt" && error?.message.contains("outbox.db") == true)
            let names = try FileManager.default.contentsOfDirectory(atPath: state.daemon())
            #expect(!names.contains { $0.contains("corrupt-") || $0.contains("fresh-") }, "\(names)")
        }
    }

    @Test("receipts and other words between daemons are no messages, whatever the history holds of them")
    func control() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            try await daemons[0].deliver(["to studio"], to: "studio")
            try await daemons[1].deliver(["to laptop"], to: "laptop")
            try await daemons[0].stop()
            try await daemons[1].settle()
            try House.damage("inbox.db", of: daemons[0].state)
            let log = Observed([String]())
            let laptop = try await house.restart(daemons[0], log: log)
            try await laptop.isWhole()
            #expect(try await laptop.inbox().map(\.body) == ["to laptop"])
            #expect(log.value.contains { $0.contains("inbox_refilled") && $0.contains("\"refused\": 0") })
        }
    }
}
