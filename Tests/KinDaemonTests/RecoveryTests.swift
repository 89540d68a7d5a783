import Foundation
import KinDaemon
import KinIdentity
import KinMailbox
import KinTestServer
import KinTesting
import KinWire
import Testing

/// A damaged outbox, from the daemon's refusal to the messages that arrive.
@Suite struct RecoveryTests {
    private static let waiting = 300

    @Test("of 300 messages that waited in an outbox that lost a page all that was saved arrives once and in order")
    func saved() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let (laptop, studio) = (daemons[0], daemons[1])
            // Their answers are forgotten below: the broker and the recipient have them.
            var known: [String] = []
            for number in 1...10 {
                let answer = try await laptop.send("known \(number)", to: "studio")
                known.append(answer.clientMessageID.description)
                try await laptop.waits(for: answer.clientMessageID, toBe: .delivered)
            }
            try await house.server.stop()
            var bodies: [String: String] = [:]
            for number in 1...Self.waiting {
                let body = "number \(number)."
                bodies[try await laptop.send(body, to: "studio").clientMessageID.description] = body
            }
            try await laptop.stop()
            try house.forgetAnswers(known, of: laptop.state)
            let outbox = laptop.state.daemon() + "/outbox.db"
            var pages = try DatabasePages(outbox)
            try pages.zero(pages.first(DatabasePages.tableLeaf, holding: "number 150."))

            let refusal = await #expect(throws: KinError.self) { _ = try await house.start("laptop") }
            #expect(refusal?.code == "store_corrupt" && refusal?.message.contains("kin daemon recover") == true)
            let report = try recover(laptop.state)
            let lost = Set(report.lost.map { bodies[$0.id.description] })
            #expect(lost.contains("number 150.") && report.saved[.pending] == Self.waiting + 10 - lost.count)

            try await house.server.start()
            let again = try await house.start("laptop")
            let wanted = (1...10).map { "known \($0)" } + (1...Self.waiting).map { "number \($0)." }
            let expected = wanted.filter { !lost.contains($0) }
            #expect(try await studio.bodies(expected.count) == expected)
            let after = try await again.send("after", to: "studio")
            try await again.waits(for: after.clientMessageID, toBe: .delivered)
            #expect(try await studio.inbox().map(\.body) == expected + ["after"])
            let health = try await again.client.health()
            #expect(health.outboxPending == 0 && health.outboxDead == Int64(lost.count))
        }
    }

    @Test("a daemon that meets damage ends with the reason, and what it lost nothing of goes on after the recovery")
    func inUse() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let (laptop, studio) = (daemons[0], daemons[1])
            try await house.server.stop()
            for number in 1...3 { _ = try await laptop.send("number \(number)", to: "studio", id: "m\(number)") }
            try house.damage(Sample.id("m2"), of: laptop.state)
            // The drain meets it.
            try await house.server.start()
            let error = try await laptop.service.end().error as? KinError
            #expect(error?.code == "store_corrupt" && error?.category == .failed)
            #expect(error?.message.contains("kin daemon recover") == true)
            let report = try recover(laptop.state)
            #expect(report.lost.map(\.id) == [Sample.id("m2")])
            let again = try await house.start("laptop")
            #expect(try await studio.bodies(2) == ["number 1", "number 3"])
            #expect(try await again.client.message(Sample.id("m2")).status == .dead)
        }
    }

    @Test("a request that meets damage is told, and the daemon ends")
    func request() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            try await laptop.sees(["laptop"])
            let answer = try await laptop.send("hello", to: "laptop", id: "m1")
            try await laptop.waits(for: answer.clientMessageID, toBe: .delivered)
            try house.damage(Sample.id("m1"), of: laptop.state)
            let error = await #expect(throws: KinError.self) { try await laptop.client.message(Sample.id("m1")) }
            #expect(error?.code == "store_corrupt")
            #expect((try await laptop.service.end().error as? KinError)?.code == "store_corrupt")
        }
    }

    @Test("a recovery that a start finishes is said, with the damaged file")
    func finished() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            try await laptop.stop()
            let outbox = laptop.state.daemon() + "/outbox.db"
            // What a recovery leaves that is cut off before its last step.
            try FileManager.default.moveItem(atPath: outbox, toPath: outbox + ".recovered-20261121T100312Z")
            let log = Observed([String]())
            _ = try await house.restart(laptop, log: log)
            let lines = try await log.wait { $0.contains { $0.hasPrefix("warning outbox_recovery_finished") } }
            #expect(lines.contains { $0.contains(outbox + ".corrupt-20261121T100312Z") })
        }
    }

    @Test("a running daemon's outbox is not recovered")
    func running() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            let error = #expect(throws: KinError.self) { try StoppedDaemon(laptop.state) }
            #expect(error?.code == "daemon_running" && error?.category == .conflict)
        }
    }

    private func recover(_ state: StateFolder) throws -> OutboxRecovery.Report {
        guard
            case .recovered(let report) = try StoppedDaemon(state).recoverOutbox(startAfresh: false, now: realNow())
        else { throw MissingValue("a recovery") }
        return report
    }
}

private enum Sample {
    static func id(_ text: String) -> ClientMessageID {
        guard let id = ClientMessageID(text) else { preconditionFailure("\(text) is no message id") }
        return id
    }
}
