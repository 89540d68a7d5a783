import KinDaemonAPI
import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import Testing

@Suite struct DeliveryTests {
    @Test("devices of one wallet see each other by name, and each knows itself")
    func discovery() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio", "kiosk")
            for daemon in daemons {
                let list = try await daemon.client.devices()
                #expect(list.devices.map(\.name) == ["kiosk", "laptop", "studio"] && list.unreachable == [])
                #expect(list.devices.filter(\.thisDevice).map(\.name) == [daemon.version.name.description])
                for device in list.devices {
                    #expect(device.role == "owner" && device.version == KinVersion.current && device.servers.count == 1)
                }
                try await eventually("the broker's members are known by name") {
                    let peers = try await daemon.client.peers().devices
                    return peers.map(\.name).sorted() == ["kiosk", "laptop", "studio"] && peers.allSatisfy { $0.online }
                }
            }
        }
    }

    @Test("a device that is new to the family is told of once, by those who were there")
    func newDevice() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            try await laptop.sees(["laptop"])
            #expect(try await laptop.client.devices().newNames == [])
            let studio = try await house.start("studio")
            var told: [String] = []
            try await eventually("the newcomer is told of") {
                told += try await laptop.client.devices().newNames
                return !told.isEmpty
            }
            try await studio.sees(["laptop", "studio"])
            told += try await laptop.client.devices().newNames
            #expect(told == ["studio"])
            #expect(try await studio.client.devices().newNames == [])
        }
    }

    @Test("a message is queued, relayed and delivered, each with its time, and arrives as it was")
    func oneMessage() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let (laptop, studio) = (daemons[0], daemons[1])
            let meta = JSON.object(["run": .integer(7), "nested": .object(["x": .number(0.5)])])
            let body = "build is green 😀\n\"quoted\" \u{0} e\u{301}"
            let before = realNow()
            let answer = try await laptop.client.send(
                SendRequest(
                    to: "studio", message: body, priority: .now, meta: meta, replyTo: ClientMessageID("earlier")))
            #expect(answer.status == .queued && !answer.duplicate)
            let status = try await laptop.waits(for: answer.clientMessageID, toBe: .delivered)
            let (relayed, delivered) = (try #require(status.relayedAt), try #require(status.deliveredAt))
            #expect(status.to == "studio" && status.toMember == studio.version.member.description)
            #expect(before <= status.queuedAt && status.queuedAt <= relayed && relayed <= realNow())
            #expect(status.queuedAt <= delivered && delivered <= realNow())
            #expect(status.brokerMessageID != nil && status.readAt == nil && status.lastError == nil)

            let message = try #require(try await studio.inbox().first)
            #expect(message.clientMessageID == answer.clientMessageID && Array(message.body.utf8) == Array(body.utf8))
            #expect(message.from == "laptop" && message.fromMember == laptop.version.member)
            #expect(message.meta == meta && message.replyTo == ClientMessageID("earlier") && message.priority == .now)
            #expect(message.createdAt == status.queuedAt && message.receivedAt >= message.createdAt)
            #expect(try await laptop.inbox() == [])
        }
    }

    @Test("many messages from many callers arrive once each, those of one caller in order")
    func manyMessages() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let (laptop, studio) = (daemons[0], daemons[1])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<16 {
                    group.addTask {
                        for number in 0..<25 { _ = try await laptop.send("\(caller)/\(number)", to: "studio") }
                    }
                }
                try await group.waitForAll()
            }
            let bodies = try await studio.bodies(400)
            #expect(bodies.count == 400 && Set(bodies).count == 400)
            for caller in 0..<16 {
                #expect(bodies.filter { $0.hasPrefix("\(caller)/") } == (0..<25).map { "\(caller)/\($0)" })
            }
            try await eventually("everything is delivered") { try await laptop.client.health().outboxPending == 0 }
        }
    }

    @Test("who is offline finds everything waiting, in order")
    func offlineRecipient() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let laptop = daemons[0]
            try await daemons[1].stop()
            var last: SendAnswer?
            for number in 1...50 { last = try await laptop.send("\(number)", to: "studio") }
            let id = try #require(last).clientMessageID
            let status = try await laptop.waits(for: id, toBe: .relayed)
            #expect(status.deliveredAt == nil)
            let studio = try await house.start("studio")
            #expect(try await studio.bodies(50) == (1...50).map(String.init))
            try await laptop.waits(for: id, toBe: .delivered)
        }
    }

    @Test("a device may write to itself, by its name and by its member id")
    func itself() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            try await laptop.sees(["laptop"])
            let answer = try await laptop.send("note", to: "laptop")
            try await laptop.waits(for: answer.clientMessageID, toBe: .delivered)
            _ = try await laptop.send("to self", to: laptop.version.member.description)
            #expect(try await laptop.bodies(2) == ["note", "to self"])
        }
    }

    @Test("a record sealed by another wallet never shows, on whatever route it was published")
    func foreignRecord() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            try await laptop.sees(["laptop"])
            let intruder = try await Intruder(routeID: house.wallet.walletFile.routeID)
            let connection = try await intruder.register("studio", at: house.server.url)
            try await eventually("the relay shows both") { try await intruder.listed(at: house.server.url) == 2 }
            #expect(try await laptop.client.devices().devices.map(\.name) == ["laptop"])
            let answer = try await laptop.post(#"{"to":"studio","message":"secret"}"#)
            #expect(answer.status == 404 && answer.code == .string("unknown_recipient"))
            connection.close(reason: "done")
        }
    }
}
