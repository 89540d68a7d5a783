import Foundation
import KinDaemon
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import Testing

/// Topics with real daemons and a real broker.
@Suite struct TopicTests {
    @Test("a post reaches everybody in the topic but nobody else, once, with whom it names")
    func posting() async throws {
        try await House.run { house in
            let (a, b, c) = try await house.three()
            _ = try await a.client.createTopic(alerts, members: nil)
            try await b.joins(alerts)
            _ = try await a.says("disk 91%", mentioning: ["bbb"])
            #expect(try await b.bodies(1) == ["disk 91%"])
            let message = try #require(try await b.inbox().first)
            #expect(message.topic == alerts && message.mentions.map(\.description) == ["bbb"] && message.from == "aaa")
            _ = try await b.client.send(SendRequest(to: "#alerts", message: "seen"))
            #expect(try await a.bodies(1) == ["seen"])
            // Everybody is in all.
            _ = try await a.client.send(SendRequest(to: "all", message: "good morning"))
            #expect(try await c.bodies(1) == ["good morning"])
            #expect(try await c.inbox().count == 1)
        }
    }

    @Test("a topic that is not there, or not joined, is said as such, and nothing is taken")
    func refusals() async throws {
        try await House.run { house in
            let (a, b, _) = try await house.three()
            await #expect(throws: KinError.self) { try await a.says("x") }
            _ = try await a.client.createTopic(alerts, members: nil)
            try await eventually("b sees it") { try await b.client.topics().topics.contains { $0.name == alerts } }
            let error = await #expect(throws: KinError.self) { try await b.says("x") }
            #expect(error?.code == "not_joined")
            let twice = await #expect(throws: KinError.self) { try await b.client.createTopic(alerts, members: nil) }
            #expect(twice?.code == "topic_exists")
            let all = await #expect(throws: KinError.self) { try await b.client.leave(.everybody) }
            #expect(all?.code == "topic_everybody")
        }
    }

    @Test(
        "a topic's history has what was said there and nothing else, this device's own words too; of one alone on demand"
    )
    func history() async throws {
        try await House.run { house in
            let (a, b, c) = try await house.three()
            _ = try await a.client.createTopic(alerts, members: nil)
            for daemon in [b, c] { try await daemon.joins(alerts) }
            _ = try await a.says("one")
            #expect(try await b.bodies(1) == ["one"])
            _ = try await b.says("two")
            #expect(try await a.bodies(1) == ["two"])
            _ = try await c.says("three")
            #expect(try await a.bodies(2) == ["two", "three"])
            _ = try await a.client.send(SendRequest(to: "bbb", message: "apart"))
            _ = try await a.client.send(SendRequest(to: "all", message: "morning"))
            func said(to: String, from: String? = nil, last: Int? = nil) async throws -> [String?] {
                let page = try await a.client.history(HistoryParameters(to: to, from: from, last: last))
                return page.messages.map { entry in
                    switch entry {
                    case .sent(let message): message.message
                    case .received(let message): message.body
                    }
                }
            }
            #expect(try await said(to: "#alerts") == ["one", "two", "three"])
            #expect(try await said(to: "#alerts", last: 2) == ["two", "three"])
            #expect(try await said(to: "#alerts", from: "ccc") == ["three"])
            #expect(try await said(to: "#alerts", from: "aaa") == ["one"])
            #expect(try await said(to: "all") == ["morning"])
            #expect(try await said(to: "bbb") == ["apart"])
            let error = await #expect(throws: KinError.self) { try await said(to: "#none") }
            #expect(error?.code == "unknown_topic")
            // What was said stays, for whoever has left too.
            _ = try await a.client.leave(alerts)
            #expect(try await said(to: "#alerts").count == 3)
        }
    }

    @Test("whom a post mentions must be there, and in a private topic be named; nothing is taken otherwise")
    func mentions() async throws {
        try await House.run { house in
            let (a, _, _) = try await house.three()
            _ = try await a.client.createTopic(alerts, members: ["bbb"])
            let unknown = await #expect(throws: KinError.self) { try await a.says("x", mentioning: ["nobody"]) }
            #expect(unknown?.code == "unknown_recipient")
            let outside = await #expect(throws: KinError.self) { try await a.says("x", mentioning: ["ccc"]) }
            #expect(outside?.code == "mention_not_in_topic" && outside?.category == .conflict)
            _ = try await a.says("x", mentioning: ["bbb"])
            #expect(try await a.client.history().messages.count == 1)
            let listed = try await a.call(.GET, "/v1/topic/members?topic=%23alerts")
            #expect(listed.status == 200)
        }
    }

    @Test("who is taken off a private topic reads nothing that follows, though it kept everything it had")
    func removed() async throws {
        try await House.run { house in
            let (a, b, c) = try await house.three()
            _ = try await a.client.createTopic(alerts, members: ["bbb", "ccc"])
            _ = try await a.says("one")
            for daemon in [b, c] { #expect(try await daemon.bodies(1) == ["one"]) }
            let kept = try house.keys(of: c, alerts)
            #expect(kept.ring.highest == 1)
            _ = try await a.client.change(TopicMemberChange(topic: alerts, remove: ["ccc"]))
            _ = try await a.says("two")
            #expect(try await b.bodies(2) == ["one", "two"])
            let now = try house.keys(of: b, alerts)
            let current = try #require(now.current)
            #expect(current.epoch.counter == 2)
            // It has no key of that epoch, and is not given one for the asking.
            #expect(try house.keys(of: c, alerts).ring.candidates(for: current.epoch).isEmpty)
            #expect(try await c.client.topics().topics.first { $0.name == alerts }?.joined != true)
            #expect(try await c.inbox().map(\.body) == ["one"])
            let error = await #expect(throws: KinError.self) { try await c.says("three") }
            #expect(error?.code == "not_joined")
        }
    }

    @Test("a revoked member reads nothing that follows in any topic")
    func revoked() async throws {
        try await House.run { house in
            let (a, b, c) = try await house.three()
            _ = try await a.client.createTopic(alerts, members: nil)
            for daemon in [b, c] { try await daemon.joins(alerts) }
            _ = try await a.says("one")
            for daemon in [b, c] { #expect(try await daemon.bodies(1) == ["one"]) }
            try await house.revoke("ccc", by: a)
            _ = try await c.service.end()
            _ = try await b.says("two")
            #expect(try await a.bodies(1) == ["two"])
            #expect(try house.keys(of: c, alerts).ring.highest == 1)
            let current = try #require(try house.keys(of: b, alerts).current)
            #expect(current.epoch.counter >= 2)
        }
    }

    @Test("two who mint at once end with one key, and both can be read")
    func twoMinters() async throws {
        try await House.run { house in
            let (a, b, c) = try await house.three()
            _ = try await a.client.createTopic(alerts, members: nil)
            for daemon in [b, c] { try await daemon.joins(alerts) }
            async let one = a.client.rekey(alerts)
            async let two = b.client.rekey(alerts)
            _ = try await (one, two)
            _ = try await a.says("by a")
            _ = try await b.says("by b")
            let bodies = try await c.bodies(2)
            #expect(Set(bodies) == ["by a", "by b"])
            try await eventually("all use the same key") {
                let keys = try [a, b, c].map { try house.keys(of: $0, alerts).current?.epoch }
                return keys[0] != nil && Set(keys).count == 1
            }
        }
    }

    @Test("where nobody who has the key is there a newcomer's post waits, and goes when one comes")
    func nobodyHoldsTheKey() async throws {
        try await House.run { house in
            let (a, b, _) = try await house.three()
            _ = try await a.client.createTopic(alerts, members: nil)
            _ = try await a.client.rekey(alerts)
            try await a.stop()
            try await b.joins(alerts)
            let sent = try await b.says("is anybody there")
            let waiting = try await eventually("it waits for the key") {
                let message = try await b.client.message(sent.clientMessageID)
                return message.lastError == "pending_key" ? message : nil
            }
            #expect(waiting.status == .queued)
            let back = try await house.start("aaa")
            #expect(try await back.bodies(1) == ["is anybody there"])
            try await b.waits(for: sent.clientMessageID, toBe: .relayed)
        }
    }

    @Test(
        "a sender that has not heard of the removal is told by the broker, and posts again with a key that the removed one lacks"
    )
    func unawareSender() async throws {
        try await House.run { house in
            let (a, b, c) = try await house.three()
            _ = try await a.client.createTopic(alerts, members: nil)
            for daemon in [b, c] { try await daemon.joins(alerts) }
            _ = try await a.says("one")
            for daemon in [b, c] { #expect(try await daemon.bodies(1) == ["one"]) }
            // It was away while c left, and takes up again with the key it has.
            try await a.stop()
            _ = try await c.client.leave(alerts)
            let back = try await house.start("aaa")
            let sent = try await back.says("two")
            try await back.waits(for: sent.clientMessageID, toBe: .relayed)
            #expect(try await b.bodies(2) == ["one", "two"])
            #expect(try house.keys(of: back, alerts).current?.epoch.counter == 2)
            #expect(try await c.inbox().map(\.body) == ["one"])
        }
    }

    @Test("a newcomer reads what is said from then on, and not what was said before")
    func newcomer() async throws {
        try await House.run { house in
            let (a, b, c) = try await house.three()
            _ = try await a.client.createTopic(alerts, members: nil)
            try await b.joins(alerts)
            _ = try await a.says("before")
            #expect(try await b.bodies(1) == ["before"])
            try await c.joins(alerts)
            _ = try await b.says("after")
            #expect(try await c.bodies(1) == ["after"])
            _ = try await a.client.send(SendRequest(to: "ccc", message: "end"))
            #expect(try await c.bodies(2) == ["after", "end"])
        }
    }

    @Test("posts of old epochs still open for who was away meanwhile, across restarts, in order")
    func oldEpochs() async throws {
        try await House.run { house in
            let (a, b, _) = try await house.three()
            _ = try await a.client.createTopic(alerts, members: nil)
            try await b.joins(alerts)
            _ = try await a.says("zero")
            #expect(try await b.bodies(1) == ["zero"])
            try await b.stop()
            for turn in 1...5 {
                _ = try await a.client.rekey(alerts)
                let sent = try await a.says("\(turn)")
                try await a.waits(for: sent.clientMessageID, toBe: .relayed)
            }
            try await a.stop()
            let back = try await house.start("bbb")
            #expect(try await back.bodies(6) == ["zero", "1", "2", "3", "4", "5"])
        }
    }

    @Test("a member that lost its keys opens what waited once another gives them, each post once")
    func lostKeys() async throws {
        try await House.run { house in
            let (a, b, _) = try await house.three()
            _ = try await a.client.createTopic(alerts, members: nil)
            try await b.joins(alerts)
            _ = try await a.says("one")
            #expect(try await b.bodies(1) == ["one"])
            try await b.stop()
            try FileManager.default.removeItem(atPath: TopicFile.folder(in: b.state))
            for turn in 2...4 { _ = try await a.says("\(turn)") }
            let back = try await house.start("bbb")
            #expect(try await back.bodies(4) == ["one", "2", "3", "4"])
            _ = try await back.says("thanks")
            #expect(try await a.bodies(1) == ["thanks"])
        }
    }

    @Test("a broker that lost its store is told of topics, members' keys still hold, and who left stays out")
    func forgetfulBroker() async throws {
        try await House.run { house in
            let (a, b, c) = try await house.three()
            _ = try await a.client.createTopic(alerts, members: ["bbb", "ccc"])
            _ = try await a.says("one")
            for daemon in [b, c] { #expect(try await daemon.bodies(1) == ["one"]) }
            _ = try await a.client.change(TopicMemberChange(topic: alerts, remove: ["ccc"]))
            _ = try await a.says("two")
            #expect(try await b.bodies(2) == ["one", "two"])
            try await house.server.stop()
            try await house.server.start(forgetful: true)
            for daemon in [a, b, c] { try await daemon.isConnected() }
            _ = try await b.says("three")
            #expect(
                try await eventually("a has it") {
                    try await a.inbox().contains { $0.body == "three" }
                })
            #expect(try await c.inbox().map(\.body) == ["one"])
        }
    }

    @Test(
        "what a broker took and lost goes out again to a private topic too, and arrives once, also where one was away")
    func lostPosts() async throws {
        try await House.run { house in
            let (a, b, c) = try await house.three()
            _ = try await a.client.createTopic(alerts, members: ["bbb", "ccc"])
            try await eventually("b knows of it") { try await b.client.topics().topics.contains { $0.name == alerts } }
            try await b.stop()
            let sent = try await a.says("kept")
            try await a.waits(for: sent.clientMessageID, toBe: .relayed)
            #expect(try await c.bodies(1) == ["kept"])
            try await house.server.stop()
            try await house.server.start(forgetful: true)
            for daemon in [a, c] { try await daemon.isConnected() }
            let back = try await house.start("bbb")
            _ = try await a.says("end")
            #expect(Set(try await back.bodies(2)) == ["kept", "end"])
            #expect(try await c.bodies(2) == ["kept", "end"])
        }
    }

    @Test(
        "what a broker took and lost comes again in open topics too, to who comes back late and was handed other messages first"
    )
    func lostOpenPosts() async throws {
        try await House.run { house in
            let (a, b, c) = try await house.three()
            _ = try await a.client.createTopic(alerts, members: nil)
            for daemon in [b, c] { try await daemon.joins(alerts) }
            try await b.stop()
            let sent = try await a.says("kept")
            let all = try await a.send("for all", to: "all")
            let direct = try await a.send("direct", to: "bbb")
            for id in [sent, all, direct].map(\.clientMessageID) { try await a.waits(for: id, toBe: .relayed) }
            #expect(Set(try await c.bodies(2)) == ["kept", "for all"])
            try await house.server.stop()
            try await house.server.start(forgetful: true)
            for daemon in [a, c] { try await daemon.isConnected() }
            try await a.waits(for: sent.clientMessageID, toBe: .relayed)
            let back = try await house.start("bbb")
            #expect(Set(try await back.bodies(3)) == ["kept", "for all", "direct"])
            _ = try await a.says("end")
            #expect(try await c.bodies(3).last == "end")
            #expect(try await back.bodies(4).last == "end")
        }
    }

    @Test("what was taken for a topic leaves before this device does, and it stays left, over a start too")
    func leaving() async throws {
        try await House.run { house in
            let (a, b, _) = try await house.three()
            _ = try await b.client.createTopic(alerts, members: nil)
            try await a.joins(alerts)
            #expect(try await a.client.leave(alerts).joined == false)
            try await a.stop()
            let again = try await house.start("aaa")
            try await again.isConnected()
            try await eventually("it is told of it") {
                try await again.client.topics().topics.contains { $0.name == alerts }
            }
            #expect(try await again.client.topics().topics.first { $0.name == alerts }?.joined == false)
            #expect(try await b.client.members(of: alerts).members.map(\.name) == ["bbb"])
            _ = try await again.client.join(alerts)
            _ = try await again.says("last words")
            _ = try await again.client.leave(alerts)
            #expect(try await b.bodies(1) == ["last words"])
            // Where they cannot leave it is said so, and nothing is left.
            _ = try await again.client.join(alerts)
            try await house.server.stop()
            _ = try await again.says("waits")
            let error = await #expect(throws: KinError.self) { try await again.client.leave(alerts) }
            #expect(error?.code == "posts_wait" && error?.detail["count"] == .integer(1))
        }
    }

    @Test("a topic that everybody has left is gone for all, and can be made anew")
    func ended() async throws {
        try await House.run { house in
            let (a, b, _) = try await house.three()
            _ = try await a.client.createTopic(alerts, members: nil)
            try await b.joins(alerts)
            _ = try await a.says("one")
            #expect(try await b.bodies(1) == ["one"])
            for daemon in [a, b] { #expect(try await daemon.client.leave(alerts).joined == false) }
            for daemon in [a, b] {
                try await eventually("it is gone") {
                    try await !daemon.client.topics().topics.contains { $0.name == alerts }
                }
            }
            _ = try await b.client.createTopic(alerts, members: ["aaa"])
            _ = try await b.says("two")
            #expect(try await a.bodies(1) == ["two"])
        }
    }

    private let alerts = TopicTests.alerts

    static let alerts = TopicName("alerts") ?? .everybody
}

extension House {
    /// Three daemons that know each other.
    func three() async throws -> (TestDaemon, TestDaemon, TestDaemon) {
        let daemons = try await start(family: "aaa", "bbb", "ccc")
        for daemon in daemons { try await daemon.isConnected() }
        return (daemons[0], daemons[1], daemons[2])
    }

    /// What a daemon has of a topic on its disk.
    func keys(of daemon: TestDaemon, _ topic: TopicName) throws -> TopicRecord {
        try TopicFile.readAll(daemon.state).first { $0.topic == topic }.orThrow("the topic's file")
    }
}

extension TestDaemon {
    func says(_ text: String, mentioning names: [String] = []) async throws -> SendAnswer {
        let mentions = try names.map { try DeviceName($0).orThrow("a name") }
        return try await client.post(
            PostRequest(topic: TopicTests.alerts, message: text, mentions: mentions.isEmpty ? nil : mentions))
    }

    func joins(_ topic: TopicName) async throws {
        try await eventually("\(version.name) sees the topic") {
            try await client.topics().topics.contains { $0.name == topic }
        }
        _ = try await client.join(topic)
    }
}
