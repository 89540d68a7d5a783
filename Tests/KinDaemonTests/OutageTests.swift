import Foundation
import KinDaemonAPI
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import Testing

@Suite struct OutageTests {
    @Test(
        "with the server down sends go on, health says degraded and why, and everything drains in order when it is back"
    )
    func serverDown() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let (laptop, studio) = (daemons[0], daemons[1])
            try await house.server.stop()
            try await eventually("health is degraded") { try await laptop.client.health().status == "degraded" }
            var answers: [SendAnswer] = []
            for number in 1...100 { answers.append(try await laptop.send("\(number)", to: "studio")) }
            #expect(answers.allSatisfy { $0.status == .queued })
            let health = try await eventually("the reason is that nobody answers") {
                let health = try await laptop.client.health()
                return health.broker.lastError?.contains("server_draining") == false ? health : nil
            }
            #expect(health.outboxPending == 100 && !health.broker.connected)
            #expect(health.broker.lastError?.contains("127.0.0.1") == true)
            #expect(health.relays.map(\.connected) == [false])
            let list = try await laptop.client.devices()
            #expect(list.devices.map(\.name) == ["laptop", "studio"] && list.devices.map(\.online) == [true, false])
            #expect(list.unreachable.count == 1 && list.unreachable.first?.contains(house.server.url) == true)

            try await house.server.start()
            #expect(try await studio.bodies(100) == (1...100).map(String.init))
            try await laptop.isConnected()
            for answer in answers { try await laptop.waits(for: answer.clientMessageID, toBe: .delivered) }
            #expect(try await laptop.client.health().outboxPending == 0)
        }
    }

    @Test("a daemon that stops takes its outbox along, and goes on where it was")
    func daemonRestarts() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            try await house.server.stop()
            for number in 1...30 { _ = try await daemons[0].send("\(number)", to: "studio") }
            try await daemons[0].stop()
            let laptop = try await house.start("laptop")
            #expect(try await laptop.client.health().outboxPending == 30)
            for number in 31...40 { _ = try await laptop.send("\(number)", to: "studio") }
            try await house.server.start()
            #expect(try await daemons[1].bodies(40) == (1...40).map(String.init))
        }
    }

    @Test("what was accepted survives the loss of the device cache too")
    func cacheLost() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            try await house.server.stop()
            let answer = try await daemons[0].send("kept", to: "studio")
            try await daemons[0].stop()
            try FileManager.default.removeItem(atPath: daemons[0].state.path("devices.json"))
            let laptop = try await house.start("laptop")
            try await house.server.start()
            #expect(try await daemons[1].bodies(1) == ["kept"])
            try await laptop.waits(for: answer.clientMessageID, toBe: .delivered)
        }
    }

    @Test("to a recipient this device cannot seal to any more a message waits, and says so")
    func recipientUnknown() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            try await house.server.stop()
            try await daemons[1].stop()
            let answer = try await daemons[0].send("patience", to: "studio")
            try await daemons[0].stop()
            try FileManager.default.removeItem(atPath: daemons[0].state.path("devices.json"))
            try await house.server.start(forgetful: true)
            let laptop = try await house.start("laptop")
            try await eventually("the reason is told") {
                try await laptop.client.message(answer.clientMessageID).lastError == "unknown_recipient"
            }
            #expect(try await laptop.client.message(answer.clientMessageID).status == .queued)
            let studio = try await house.start("studio")
            #expect(try await studio.bodies(1) == ["patience"])
        }
    }

    @Test("a broker that forgot everybody is told of the recipient by the sender")
    func forgetfulBroker() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let laptop = daemons[0]
            try await daemons[1].stop()
            try await house.server.stop()
            try await house.server.start(forgetful: true)
            try await laptop.isConnected()
            let first = try await laptop.send("1", to: "studio")
            let second = try await laptop.send("2", to: "studio")
            try await laptop.waits(for: first.clientMessageID, toBe: .relayed)
            try await laptop.waits(for: second.clientMessageID, toBe: .relayed)
            let studio = try await house.start("studio")
            #expect(try await studio.bodies(2) == ["1", "2"])
        }
    }

    @Test("what only a lost store had goes out again, once, and in its place")
    func storeLost() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let laptop = daemons[0]
            let arrived = try await laptop.send("1", to: "studio")
            try await laptop.waits(for: arrived.clientMessageID, toBe: .delivered)
            try await daemons[1].stop()
            for text in ["2", "3"] {
                try await laptop.waits(for: laptop.send(text, to: "studio").clientMessageID, toBe: .relayed)
            }
            try await house.server.stop()
            _ = try await laptop.send("4", to: "studio")
            try await house.server.start(forgetful: true)
            let studio = try await house.start("studio")
            #expect(try await studio.bodies(4) == ["1", "2", "3", "4"])
            #expect(try await laptop.client.message(arrived.clientMessageID).status == .delivered)
        }
    }

    @Test("what a store forgot because an older copy was put back goes out again, once")
    func storeRestored() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let laptop = daemons[0]
            try await laptop.waits(for: laptop.send("1", to: "studio").clientMessageID, toBe: .delivered)
            try await daemons[1].stop()
            try await house.server.stop()
            try house.server.backUp()
            try await house.server.start()
            try await laptop.isConnected()
            for text in ["2", "3"] {
                try await laptop.waits(for: laptop.send(text, to: "studio").clientMessageID, toBe: .relayed)
            }
            try await house.server.stop()
            try house.server.putBack()
            try await house.server.start()
            let studio = try await house.start("studio")
            #expect(try await studio.bodies(3) == ["1", "2", "3"])
        }
    }

    @Test("what expires while no broker is there is said to have, not when one is back")
    func expiresWhileAway() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            try await laptop.sees(["laptop"])
            try await house.server.stop()
            let answer = try await laptop.client.send(SendRequest(to: "laptop", message: "x", expiresIn: 50))
            #expect(try await laptop.waits(for: answer.clientMessageID, toBe: .dead).lastError == "expired")
        }
    }

    @Test("what expires while its recipient is away is refused by it, and its sender told")
    func expiresAtBroker() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let (laptop, studio) = (daemons[0], daemons[1])
            try await studio.stop()
            let answer = try await laptop.client.send(SendRequest(to: "studio", message: "x", expiresIn: 2_000))
            try await laptop.waits(for: answer.clientMessageID, toBe: .relayed)
            let over = realNow() + 2_000
            try await eventually("its time is over") { realNow() > over }
            _ = try await house.start("studio")
            #expect(try await laptop.waits(for: answer.clientMessageID, toBe: .refused).lastError == "expired")
        }
    }

    @Test("what the broker answered while the disk took nothing is on it when it does, in the same session")
    func answersKept() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            try await laptop.sees(["laptop"])
            try await laptop.isConnected()
            try house.refuseAnswers(true, of: laptop.state)
            let id = try await laptop.send("x", to: "laptop").clientMessageID
            _ = try await laptop.bodies(1)
            #expect(try await laptop.client.message(id).status == .queued)
            try house.refuseAnswers(false, of: laptop.state)
            _ = try await laptop.waits(for: id, toBe: .delivered)
            #expect(try await laptop.figures()["kin_daemon_reconnects_total{reason=\"connection_lost\"}"] == 0)
        }
    }

    @Test("receipts are sent after a restart, for what was received before it, with the device cache lost too")
    func receiptsAfterRestart() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let (laptop, studio) = (daemons[0], daemons[1])
            let answer = try await laptop.send("1", to: "studio")
            try await laptop.waits(for: answer.clientMessageID, toBe: .delivered)
            try await laptop.stop()
            try await studio.stop()
            try house.forgetReceipts(of: studio.state)
            try house.forgetReceipt(of: laptop.state)
            try FileManager.default.removeItem(atPath: studio.state.path("devices.json"))
            let (again, _) = (try await house.start("laptop"), try await house.start("studio"))
            try await again.waits(for: answer.clientMessageID, toBe: .delivered)
        }
    }
}
