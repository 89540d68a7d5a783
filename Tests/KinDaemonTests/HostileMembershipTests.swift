import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import Testing

/// A broker that lies about who belongs to the mesh and what its owners decided.
@Suite struct HostileMembershipTests {
    @Test("revocations that a broker keeps back come by a member's message, and the broker is found out")
    func withheldRevocations() async throws {
        try await Siege.lay(to: ["laptop", "studio", "kiosk"]) { siege in
            siege.withhold("revocations", "revocations_get", "member_revoked")
            let heard = Observed([DaemonEvent]())
            let events = try await siege.studio.client.events()
            let task = Task { for try await event in events { heard.update { $0.append(event) } } }
            defer { task.cancel() }
            let draft = try await siege.laptop.client.revoke(RevokeRequest(device: "kiosk", reason: "lost"))
            let signed = try await siege.house.wallet.sign(draft.entry)
            _ = try await siege.laptop.client.submit(SignedRevocation(proof: RevocationProof(entry: signed)))
            #expect(try await siege.studio.client.members().members.count == 3)
            _ = try await siege.laptop.send("by the way", to: "studio")
            try await eventually("studio knows") { try await siege.studio.client.members().members.count == 2 }
            try await eventually("it is counted", within: .seconds(15)) {
                try await siege.studio.client.health().inbound["revocations_withheld"] == 1
            }
            let told = try await heard.wait { $0.contains { $0.kind == .revocationsWithheld } }
            let knower = JSON.string(siege.laptop.version.member.description)
            #expect(told.first { $0.kind == .revocationsWithheld }?.data == .object(["known_by": knower]))
            // It knew before; whatever the revoked one still wrote does not matter here.
            #expect(try await siege.laptop.client.health().inbound["revocations_withheld"] == nil)
        }
    }

    @Test("an honest broker is not suspected: it tells what a member knows as soon as it is asked")
    func toldRevocations() async throws {
        try await Siege.lay(to: ["laptop", "studio", "kiosk"]) { siege in
            let draft = try await siege.laptop.client.revoke(RevokeRequest(device: "kiosk"))
            let signed = try await siege.house.wallet.sign(draft.entry)
            _ = try await siege.laptop.client.submit(SignedRevocation(proof: RevocationProof(entry: signed)))
            _ = try await siege.laptop.send("by the way", to: "studio")
            _ = try await siege.studio.bodies(1)
            try await eventually("studio knows") { try await siege.studio.client.members().members.count == 2 }
            // Longer than a broker has.
            try await Task.sleep(for: .milliseconds(2_500))
            #expect(try await siege.studio.client.health().inbound["revocations_withheld"] == nil)
        }
    }

    @Test("a forged revocation is refused, and nobody is shut out")
    func forgedRevocation() async throws {
        try await Siege.lay { siege in
            var entry = try await siege.laptop.client.revoke(RevokeRequest(device: "studio")).entry
            entry.signature = [UInt8](repeating: 7, count: 64)
            siege.tell(siege.laptop, .revocations(Revocations(entries: [RevocationProof(entry: entry)])))
            try await siege.expect(siege.laptop, ["revocation_refused": 1])
            siege.tell(siege.laptop, .memberRevoked(MemberChange(member: siege.studio.version.member, version: 99)))
            try await siege.isServed(from: siege.laptop, to: siege.studio)
            #expect(try await siege.laptop.client.members().revoked == [])
        }
    }

    @Test("a member whose chain the broker never tells is known from its record, and written to")
    func withheldMember() async throws {
        let names = ["laptop", "studio"]
        let unkind: HostileBroker.Hands = { frame, direction in
            let hidden: Set<String> = ["member", "member_joined", "peer_join"]
            return direction == .toDaemon && hidden.contains(frame.message.type) ? [] : [frame.bytes]
        }
        try await Siege.lay(to: names, hands: unkind, areSeen: false) { siege in
            #expect(try await siege.laptop.client.peers().devices == [])
            try await siege.isServed(from: siege.laptop, to: siege.studio)
            #expect(try await siege.studio.inbox().map(\.body) == ["still served"])
        }
    }

    @Test(
        "a chain with fewer rotations than one known is passed over, a forged one refused, and a fork believed by nobody"
    )
    func chains() async throws {
        try await Siege.lay { siege in
            let studio = try Forger(siege.studio)
            let rotated = try studio.rotated(at: realNow())
            var forged = rotated
            forged.rotations[0].at += 1
            siege.tell(siege.laptop, .memberJoined(MemberJoined(chain: forged, online: true, version: 50)))
            try await siege.expect(siege.laptop, ["chain_refused": 1])
            siege.tell(
                siege.laptop,
                .memberKeypairRotated(
                    MemberKeypairRotated(member: siege.studio.version.member, chain: rotated, version: 51)))
            siege.tell(siege.laptop, .member(Member(chain: studio.chain, online: true)))
            try await siege.expect(siege.laptop, ["chain_refused": 1, "chain_shorter": 1])
            let other = try studio.rotated(at: realNow() + 1)
            siege.tell(siege.laptop, .member(Member(chain: other, online: true)))
            try await siege.expect(siege.laptop, ["chain_refused": 1, "chain_shorter": 1, "rotation_fork": 1])
        }
    }

    @Test("whoever may certify does not become another device: what is sent to that goes to that")
    func impostor() async throws {
        try await Siege.lay(to: ["laptop", "studio", "kiosk"]) { siege in
            let studio = siege.studio.version.member
            let forged = try Forger(siege.kiosk).impostor(of: studio)
            siege.tell(siege.laptop, .memberJoined(MemberJoined(chain: forged, online: true, version: 50)))
            siege.tell(
                siege.laptop, .memberKeypairRotated(MemberKeypairRotated(member: studio, chain: forged, version: 51)))
            try await siege.isServed(from: siege.laptop, to: siege.studio)
            try await siege.expect(siege.laptop, ["chain_foreign": 2])
        }
    }

    @Test("older settings than those known are seen and answered with the newer; forged ones are refused")
    func oldSettings() async throws {
        try await Siege.lay { siege in
            _ = try await siege.laptop.client.set(.preferOldest)
            try await eventually("studio knows") {
                try await siege.studio.client.meshSettings().concurrentPolicy == .preferOldest
            }
            let old = try await siege.settings()
            _ = try await siege.laptop.client.set(.allowConcurrent)
            try await eventually("studio knows the newer") {
                try await siege.studio.client.meshSettings().concurrentPolicy == .allowConcurrent
            }
            siege.tell(siege.studio, .settings(old))
            try await siege.expect(siege.studio, ["settings_rolled_back": 1])
            var forged = old
            forged.settings.seq = 9
            siege.tell(siege.studio, .settings(forged))
            try await siege.expect(siege.studio, ["settings_rolled_back": 1, "settings_refused": 1])
            #expect(try await siege.studio.client.meshSettings().concurrentPolicy == .allowConcurrent)
        }
    }
}

extension Siege {
    /// The first settings that passed.
    fileprivate func settings() async throws -> SettingsProof {
        try passed.value.lazy.compactMap { if case .settings(let it) = $0.frame.message { it } else { nil } }.first
            .orThrow("settings")
    }
}
