import Foundation
import KinDaemon
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import Testing

@Suite struct RevocationTests {
    private func head(_ daemon: TestDaemon) throws -> RevocationHead {
        try Installation(daemon.state).revocations.head
    }

    @Test("a revoked device's daemon says so and stops, and does not start again; the others forget it")
    func revoked() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio", "kiosk")
            try await house.revoke("kiosk", by: daemons[0])
            let error = try await daemons[2].service.end().error as? KinError
            #expect(error?.code == "device_revoked" && error?.message.contains("lost") == true)
            for daemon in daemons.prefix(2) {
                try await eventually("\(daemon.version.name) forgets it") {
                    let members = try await daemon.client.members()
                    return members.members.count == 2
                        && members.revoked.map(\.member) == [daemons[2].version.member.description]
                }
                #expect(try await daemon.client.devices().devices.map(\.name) == ["laptop", "studio"])
            }
            let refused = await #expect(throws: KinError.self) { _ = try await house.start("kiosk") }
            #expect(refused?.code == "device_revoked")
            await #expect(throws: KinError.self) { _ = try await daemons[1].send("hi", to: "kiosk") }
            #expect(try await daemons[0].client.members().alerts.isEmpty)
        }
    }

    @Test("a device that was away learns of it at its next start, from a broker that was restarted")
    func away() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio", "kiosk")
            try await daemons[1].stop()
            try await daemons[2].stop()
            try await house.revoke("kiosk", by: daemons[0])
            let told = try head(daemons[0])
            try await daemons[0].stop()
            try await house.server.stop()
            try await house.server.start()
            let studio = try await house.start("studio")
            try await eventually("studio knows") { try head(studio) == told }
            let kiosk = try await house.start("kiosk")
            #expect((try await kiosk.service.end().error as? KinError)?.code == "device_revoked")
        }
    }

    @Test("a broker that lost the log is told it again by whoever knows it")
    func forgetful() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio", "kiosk")
            for daemon in daemons.dropFirst() { try await daemon.stop() }
            try await house.revoke("kiosk", by: daemons[0])
            try await house.server.stop()
            try await house.server.start(forgetful: true)
            try await daemons[0].isConnected()
            let kiosk = try await house.start("kiosk")
            #expect((try await kiosk.service.end().error as? KinError)?.code == "device_revoked")
        }
    }

    /// Three devices whose broker withholds whatever tells of revocations: the first revokes the third, and `studio` is to hear of it.
    private func withheld(_ body: (_ laptop: TestDaemon, _ studio: TestDaemon, RevocationHead) async throws -> Void)
        async throws
    {
        let withholds: HostileBroker.Hands = { frame, _ in
            ["revocations", "revocations_get", "member_revoked"].contains(frame.message.type) ? [] : [frame.bytes]
        }
        let names = ["laptop", "studio", "kiosk"]
        try await HostileBroker.run(withholds) { broker, relay in
            try await House.run { house in
                var daemons: [TestDaemon] = []
                for name in names { daemons.append(try await house.start(name, servers: [broker.url, relay.url])) }
                for daemon in daemons { try await daemon.sees(names) }
                try await house.revoke("kiosk", by: daemons[0])
                try await body(daemons[0], daemons[1], head(daemons[0]))
            }
        }
    }

    @Test("what the broker withholds, the first message of a member that knows it tells")
    func toldByMessages() async throws {
        try await withheld { laptop, studio, told in
            #expect(try head(studio) == .empty)
            _ = try await laptop.send("by the way", to: "studio")
            try await eventually("studio knows") { try head(studio) == told }
            #expect(try await studio.client.members().members.count == 2)
        }
    }

    @Test("what the broker withholds, the record of a member that knows it tells, though nobody writes")
    func toldByRecords() async throws {
        try await withheld { _, studio, told in
            try await eventually("studio knows") {
                // Looking at the family asks the relays.
                _ = try await studio.client.devices()
                return try head(studio) == told
            }
        }
    }

    @Test("a server that says so without proof stops nobody")
    func unproven() async throws {
        try await FakeBroker.run(.closes(.memberRevoked, "member_revoked")) { broker in
            try await House.run { house in
                let laptop = try await house.start("laptop", servers: [broker.url, house.server.url])
                try await eventually("it tries again") { broker.heard.value.connections > 2 }
                let health = try await laptop.client.health()
                #expect(health.broker.lastError?.contains("shows no valid proof") == true)
                try await laptop.stop()
            }
        }
    }

    @Test("whoever a revoked device certified falls with it, unless it is named")
    func dependents() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            var joined: [TestDaemon] = []
            for name in ["kept", "fallen"] {
                let state = StateFolder(root: "\(house.folder)/\(name)")
                let joining = Joining(state: state, now: realNow())
                let approving = try Approving(Installation(daemons[1].state), now: realNow())
                let request = try approving.read(joining.request(name: DeviceName(name)).text)
                let answer = try approving.approve(request, role: .member, lifetime: nil, servers: [])
                try joining.accept(joining.open(answer.text))
                let options = DaemonOptions(
                    state: state, name: DeviceName(name), servers: [house.server.url], executable: "/nonexistent")
                joined.append(try await house.start(options))
            }
            try await daemons[0].sees(["kept", "fallen"])
            let refused = await #expect(throws: KinError.self) {
                _ = try await daemons[0].client.revoke(RevokeRequest(device: "studio"))
            }
            #expect(refused?.code == "device_has_dependents")
            #expect(refused?.detail["dependents"] == .array([.string("fallen"), .string("kept")]))
            let draft = try await daemons[0].client.revoke(RevokeRequest(device: "studio", keep: ["kept"]))
            let signed = try await house.wallet.sign(draft.entry)
            _ = try await daemons[0].client.submit(SignedRevocation(proof: RevocationProof(entry: signed)))
            for daemon in [daemons[1], joined[1]] {
                #expect((try await daemon.service.end().error as? KinError)?.code == "device_revoked")
            }
            try await eventually("only they are gone") {
                try await daemons[0].client.devices().devices.map(\.name) == ["kept", "laptop"]
            }
            _ = try await daemons[0].send("still here", to: "kept")
            #expect(try await joined[0].bodies(1) == ["still here"])
        }
    }

    @Test("an entry that is not signed by the wallet is refused, and changes nothing")
    func forged() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            var entry = try await daemons[0].client.revoke(RevokeRequest(device: "studio")).entry
            entry.signature = [UInt8](repeating: 7, count: 64)
            let proof = RevocationProof(entry: entry)
            let error = await #expect(throws: KinError.self) {
                _ = try await daemons[0].client.submit(SignedRevocation(proof: proof))
            }
            #expect(error?.code == "revocation_invalid")
            #expect(try await daemons[0].client.members().revoked.isEmpty)
            let unknown = await #expect(throws: KinError.self) {
                _ = try await daemons[0].client.revoke(RevokeRequest(device: "nobody"))
            }
            #expect(unknown?.code == "unknown_recipient")
        }
    }
}
