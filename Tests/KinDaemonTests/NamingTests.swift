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
                try await laptop.client.devices().devices.contains {
                    $0.name == "desk" && !$0.online && $0.servers.isEmpty
                }
            }
            try await eventually("its registration is over") {
                (try? await laptop.client.forget(ForgetRequest(device: "desk")))?.ownName == "studio"
            }
            #expect(try await laptop.client.devices().devices.map(\.name) == ["laptop"])
            try await laptop.stop()
            let again = try await house.start("laptop")
            #expect(try await again.client.devices().devices.map(\.name) == ["laptop"])
            _ = try await house.start("studio")
            try await again.sees(["laptop", "studio"])
        }
    }
}
