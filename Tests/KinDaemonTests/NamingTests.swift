import KinDaemon
import KinDaemonAPI
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import Testing

/// What devices are called: by themselves, and by others.
@Suite(.serialized) struct NamingTests {
    private func name(_ text: String) throws -> DeviceName { try DeviceName(text).orThrow("a name") }

    @Test("a device that renames itself is listed, written to and heard by its new name, at once and after a restart")
    func renamed() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let (laptop, studio) = (daemons[0], daemons[1])
            let answer = try await studio.client.rename(RenameRequest(name: name("workshop")))
            #expect(answer == RenameAnswer(name: try name("workshop"), others: []))
            #expect(try await studio.client.version().name == name("workshop"))
            try await laptop.sees(["laptop", "workshop"])
            #expect(try await laptop.client.devices().devices.count == 2)
            _ = try await laptop.send("hello", to: "workshop")
            let sent = try await studio.send("hello back", to: "laptop")
            try await studio.waits(for: sent.clientMessageID, toBe: .delivered)
            #expect(try await laptop.inbox().last?.from == "workshop")
            try await eventually("its profile says so") {
                try await laptop.client.peers().devices.contains { $0.name == "workshop" && $0.online }
            }

            try await studio.stop()
            let again = try await house.start(
                DaemonOptions(state: studio.state, servers: [house.server.url], executable: "/nonexistent"))
            #expect(again.version.name == (try name("workshop")))
            let other = try await laptop.client.rename(RenameRequest(name: name("workshop")))
            #expect(other.others == [studio.version.member])
        }
    }

    @Test("an alias is how a device is listed, heard and written to here, and nowhere else; a restart keeps it")
    func aliased() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let (laptop, studio) = (daemons[0], daemons[1])
            let answer = try await laptop.client.alias(AliasRequest(device: "studio", alias: name("desk")))
            #expect(answer.name == "desk" && answer.ownName == "studio" && answer.member == studio.version.member)
            try await laptop.sees(["laptop", "desk"])
            let sent = try await laptop.send("hello", to: "desk")
            try await laptop.waits(for: sent.clientMessageID, toBe: .delivered)
            #expect(try await studio.inbox().last?.from == "laptop")
            let back = try await studio.send("hello back", to: "laptop")
            try await studio.waits(for: back.clientMessageID, toBe: .delivered)
            #expect(try await laptop.inbox().last?.from == "desk")
            let taken = await #expect(throws: KinError.self) {
                _ = try await studio.client.alias(AliasRequest(device: "studio", alias: try name("me")))
            }
            #expect(taken?.code == "this_device")

            try await laptop.stop()
            let again = try await house.start("laptop")
            try await again.sees(["laptop", "desk"])
            let listed = try await again.client.devices().devices
            #expect(listed.first { $0.name == "desk" }?.ownName == "studio")
            #expect(try await studio.client.devices().devices.allSatisfy { $0.ownName == nil })
            #expect(try await again.client.alias(AliasRequest(device: "desk", alias: nil)).name == "studio")
            try await again.sees(["laptop", "studio"])
        }
    }

    @Test("who is mentioned by an alias is named to others by the name they know")
    func mentioned() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            for daemon in daemons { try await daemon.isConnected() }
            _ = try await daemons[0].client.alias(AliasRequest(device: "studio", alias: name("desk")))
            _ = try await daemons[0].client.post(
                PostRequest(topic: .everybody, message: "look", mentions: [name("desk")]))
            try await eventually("the post is there") {
                try await daemons[1].inbox().last?.mentions == [try name("studio")]
            }
        }
    }

    @Test("a machine that can read no names calls others by its own")
    func phraseless() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            let state = try house.join("kiosk", by: laptop, role: .member)
            let kiosk = try await house.start(
                DaemonOptions(
                    state: state, name: name("kiosk"), servers: [house.server.url], executable: "/nonexistent"))
            try await laptop.sees(["laptop", "kiosk"])
            let id = laptop.version.member.description
            try await eventually("the kiosk knows the laptop") {
                try await kiosk.client.peers().devices.contains { $0.member == id }
            }
            _ = try await kiosk.client.alias(AliasRequest(device: id, alias: name("owner")))
            let sent = try await kiosk.send("hello", to: "owner")
            try await kiosk.waits(for: sent.clientMessageID, toBe: .delivered)
            #expect(try await kiosk.client.peers().devices.contains { $0.name == "owner" && $0.member == id })
            // The others know neither the name that the laptop goes by here, nor does the kiosk know theirs.
            let unnamed = await #expect(throws: KinError.self) {
                let post = PostRequest(topic: .everybody, message: "look", mentions: [try name("owner")])
                _ = try await kiosk.client.post(post)
            }
            #expect(unnamed?.code == "mention_unnamed")
            // One of whom nothing is known yet is not taken for one that is a member no more.
            try await kiosk.stop()
            try await house.server.stop()
            let again = try await house.start(
                DaemonOptions(state: state, servers: [house.server.url], executable: "/nonexistent"))
            let refused = await #expect(throws: KinError.self) { _ = try await again.send("hello", to: "owner") }
            #expect(refused?.code == "unknown_recipient" && refused?.message.contains("--remove") == false)
        }
    }

    @Test("a device that is gone is listed no more once it is forgotten, until it comes back; who is there is not")
    func forgotten() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let (laptop, studio) = (daemons[0], daemons[1])
            for (device, code) in [("studio", "device_online"), ("laptop", "this_device"), ("x", "unknown_recipient")] {
                let refused = await #expect(throws: KinError.self) {
                    _ = try await laptop.client.forget(ForgetRequest(device: device))
                }
                #expect(refused?.code == code)
            }
            _ = try await laptop.client.alias(AliasRequest(device: "studio", alias: name("desk")))
            try await studio.stop()
            try await eventually("the studio is gone") {
                try await laptop.client.devices().devices.contains { $0.name == "desk" && $0.state == .offline }
            }
            let forgotten = try await laptop.client.forget(ForgetRequest(device: "desk"))
            #expect(forgotten.name == "desk" && forgotten.ownName == "studio")
            #expect(try await laptop.client.devices().devices.map(\.name) == ["laptop"])
            try await eventually("the relay shows it no more") { try await house.entries().count == 1 }
            try await laptop.stop()
            let again = try await house.start("laptop")
            #expect(try await again.client.devices().devices.map(\.name) == ["laptop"])
            _ = try await house.start("studio")
            try await again.sees(["laptop", "studio"])
        }
    }

    @Test("the alias of a revoked device means nobody, though another calls itself so, until it is taken away")
    func revoked() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio", "attic")
            let (laptop, studio) = (daemons[0], daemons[1])
            _ = try await laptop.client.alias(AliasRequest(device: "attic", alias: name("spare")))
            try await house.revoke("spare", by: laptop)
            _ = try await studio.client.rename(RenameRequest(name: name("spare")))
            try await eventually("the studio is told apart") {
                try await laptop.client.devices().devices.contains { $0.name.hasPrefix("spare~") }
            }
            let refused = await #expect(throws: KinError.self) { _ = try await laptop.send("secret", to: "spare") }
            #expect(refused?.code == "unknown_recipient" && refused?.message.contains("--remove") == true)
            let taken = await #expect(throws: KinError.self) {
                _ = try await laptop.client.alias(
                    AliasRequest(device: studio.version.member.description, alias: try name("spare")))
            }
            #expect(taken?.code == "alias_taken")
            _ = try await laptop.client.alias(AliasRequest(device: "spare", alias: nil))
            let sent = try await laptop.send("hello", to: "spare")
            try await laptop.waits(for: sent.clientMessageID, toBe: .delivered)
        }
    }

    @Test("who calls itself by another's alias is heard by a name that is nobody else's")
    func sender() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio", "attic")
            let (laptop, attic) = (daemons[0], daemons[2])
            _ = try await laptop.client.alias(AliasRequest(device: "studio", alias: name("desk")))
            _ = try await attic.client.rename(RenameRequest(name: name("desk")))
            let sent = try await attic.send("transfer it", to: "laptop")
            try await attic.waits(for: sent.clientMessageID, toBe: .delivered)
            try await eventually("it is not from the desk") {
                try await laptop.inbox().last?.from == "desk~\(attic.version.machineID.description.prefix(4))"
            }
            #expect(try await laptop.client.inbox(InboxParameters(from: "desk")).messages == [])
        }
    }

    @Test(
        "where no records are read, one that calls itself by another's alias is named by its id, and nobody is taken off for it"
    )
    func unpublished() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            let state = try house.join("kiosk", by: laptop, role: .member)
            let studio = try await house.start("studio")
            let kiosk = try await house.start(
                DaemonOptions(
                    state: state, name: name("kiosk"), servers: [house.server.url], executable: "/nonexistent"))
            for daemon in [laptop, studio, kiosk] { try await daemon.isConnected() }
            let ids = [laptop, studio].map(\.version.member.description)
            try await eventually("the kiosk hears both names") {
                Set(try await kiosk.client.peers().devices.map(\.name)).isSuperset(of: ["laptop", "studio"])
            }
            _ = try await kiosk.client.alias(AliasRequest(device: ids[1], alias: name("owner")))
            _ = try await laptop.client.rename(RenameRequest(name: name("owner")))
            try await eventually("the laptop has no name here") {
                Set(try await kiosk.client.peers().devices.map(\.name)).isSuperset(of: ["owner", ids[0]])
            }
            let topic = try TopicName("plans").orThrow("a topic")
            _ = try await kiosk.client.createTopic(topic, members: ids)
            let left = try await kiosk.client.change(TopicMemberChange(topic: topic, remove: ["owner"]))
            #expect(Set(left.members.map(\.member)) == [ids[0], kiosk.version.member.description])
        }
    }

    @Test("a repeat is known by the mention it was asked with, whatever anybody is called by then")
    func repeated() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let (laptop, studio) = (daemons[0], daemons[1])
            for daemon in daemons { try await daemon.isConnected() }
            _ = try await laptop.client.alias(AliasRequest(device: "studio", alias: name("desk")))
            var post = PostRequest(topic: .everybody, message: "look", mentions: [try name("desk")])
            post.clientMessageID = try ClientMessageID("once").orThrow("an id")
            _ = try await laptop.client.post(post)
            _ = try await studio.client.rename(RenameRequest(name: name("workshop")))
            try await eventually("it is renamed") {
                try await laptop.client.devices().devices.contains { $0.ownName == "workshop" }
            }
            _ = try await laptop.client.post(post)
        }
    }
}
