import Foundation
import KinDaemon
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import Testing

/// The lists of private topics with real daemons: they reach whoever has a key, and outlive who signed them.
@Suite struct TopicListTests {
    @Test("a list that the broker keeps back comes with the key: its bearer knows whom not to answer")
    func withheldList() async throws {
        try await Siege.lay(to: ["laptop", "studio", "kiosk"]) { siege in
            _ = try await siege.laptop.client.createTopic(alerts, members: ["studio", "kiosk"])
            _ = try await siege.laptop.says("one")
            for daemon in [siege.studio, siege.kiosk] { #expect(try await daemon.bodies(1) == ["one"]) }
            siege.withhold("topic")
            let kiosk = siege.kiosk.version.member
            _ = try await siege.laptop.client.change(TopicMemberChange(topic: alerts, remove: ["kiosk"]))
            _ = try await siege.laptop.says("two")
            #expect(try await siege.studio.bodies(2) == ["one", "two"])
            let known = try siege.house.keys(of: siege.studio, alerts)
            #expect(known.proof?.list.members.contains(kiosk) == false && known.current?.epoch.counter == 2)
            // What it says itself is sealed with that key.
            _ = try await siege.studio.says("three")
            #expect(try await siege.laptop.bodies(1) == ["three"])
        }
    }

    @Test("when who signed a list is revoked, another who may signs it again without it")
    func revokedSigner() async throws {
        try await House.run { house in
            let (a, b, c) = try await house.three()
            _ = try await a.client.createTopic(alerts, members: ["bbb", "ccc"])
            _ = try await a.says("one")
            for daemon in [b, c] { #expect(try await daemon.bodies(1) == ["one"]) }
            try await house.revoke("aaa", by: b)
            _ = try await a.service.end()
            let members = [b, c].map(\.version.member)
            for daemon in [b, c] {
                try await eventually("\(daemon.version.name) has a list that stands") {
                    guard let proof = try house.keys(of: daemon, alerts).proof else { return false }
                    return members.contains(proof.list.member) && Set(proof.list.members) == Set(members)
                }
            }
            // A server that knows nothing takes it.
            for daemon in [b, c] { try await daemon.stop() }
            try await house.server.stop()
            try await house.server.start(forgetful: true)
            let back = try await house.start("bbb")
            _ = try await house.start("ccc")
            try await eventually("the topic is there again") {
                try await back.client.members(of: alerts).members.count { $0.joined } == 2
            }
        }
    }

    @Test("a broker that says that a private topic is gone makes no device believe an older list, or that it is open")
    func goneAndBack() async throws {
        try await Siege.lay(to: ["laptop", "studio", "kiosk"]) { siege in
            _ = try await siege.laptop.client.createTopic(alerts, members: ["studio", "kiosk"])
            _ = try await siege.laptop.says("one")
            #expect(try await siege.studio.bodies(1) == ["one"])
            let first = try #require(try siege.house.keys(of: siege.studio, alerts).proof)
            _ = try await siege.laptop.client.change(TopicMemberChange(topic: alerts, remove: ["kiosk"]))
            _ = try await siege.laptop.says("two")
            #expect(try await siege.studio.bodies(2) == ["one", "two"])
            for _ in 0..<3 { siege.tell(siege.studio, .topicGone(TopicGone(topic: alerts))) }
            for proof in [first, nil] {
                siege.tell(
                    siege.studio, .topic(TopicState(topic: alerts, joined: true, minEpoch: 0, epoch: 0, proof: proof)))
            }
            try await eventually("the open one is refused") {
                try await siege.studio.client.health().inbound["topic_refused"] == 1
            }
            let known = try siege.house.keys(of: siege.studio, alerts)
            #expect(known.proof?.list.members.count == 2 && known.proof?.list.seq == 2)
        }
    }

    @Test(
        "a member makes no open topic private for another, and plants no list that it signed itself, unless it is an owner"
    )
    func plantedLists() async throws {
        try await Siege.lay(to: ["laptop", "studio"]) { siege in
            _ = try await siege.laptop.client.createTopic(alerts, members: nil)
            try await siege.studio.joins(alerts)
            let forger = try Forger(siege.laptop)
            let studio = try Forger(siege.studio).member
            let list = TopicList(
                mesh: studio.chain.certificate.mesh, topic: alerts, creator: forger.chain.member, seq: 1,
                members: [forger.chain.member, studio.member], member: forger.chain.member, at: realNow()
            ).signed(by: forger.keys.signing)
            let keys = TopicKeys(topic: alerts, proof: TopicProof(list: list, signer: forger.chain), keys: [])
            let body = String(decoding: keys.canonicalBytes(), as: UTF8.self)
            let message = try forger.message("planted", to: studio, body: body) {
                $0.contentType = TopicKeys.contentType
            }
            siege.tell(siege.studio, try forger.push(message, to: studio))
            try await eventually("it is refused") {
                try await siege.studio.client.health().inbound["control_refused"] == 1
            }
            #expect(try siege.house.keys(of: siege.studio, alerts).proof == nil)
        }
    }

    private let alerts = TopicTests.alerts
}
