import KinCrypto
import KinDaemon
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import Testing

/// A machine without the phrase.
@Suite struct JoiningTests {
    @Test(
        "it appears by name to owners, sends and receives, and learns no names itself",
        arguments: [Role.member, .machine, .guest])
    func joins(role: Role) async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            let state = try house.join("kiosk", by: laptop, role: role)
            let kiosk = try await house.start(
                .init(
                    state: state, name: DeviceName("kiosk"), servers: [house.server.url], trustRoots: nil,
                    executable: "/nonexistent"))
            try await laptop.sees(["laptop", "kiosk"])
            _ = try await laptop.send("welcome", to: "kiosk")
            #expect(try await kiosk.bodies(1) == ["welcome"])
            try await kiosk.isConnected()
            _ = try await kiosk.send("thanks", to: laptop.version.member.description)
            #expect(try await laptop.bodies(1) == ["thanks"])
            #expect(try await laptop.inbox().first?.from == "kiosk")
            #expect(try await kiosk.client.devices().devices.allSatisfy { $0.thisDevice })
        }
    }

    @Test(
        "a machine that joins by a ticket sends and receives, over restarts of everything; one more than it allows is refused and says why"
    )
    func tickets() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            let ticket = try await house.ticket(uses: 1)
            var runners: [TestDaemon] = []
            for name in ["runner", "extra"] {
                let state = StateFolder(root: "\(house.folder)/\(name)")
                _ = try TicketJoining(state: state, now: realNow()).join(ticket.text)
                let options = DaemonOptions(
                    state: state, name: DeviceName(name), servers: [house.server.url], executable: "/nonexistent")
                runners.append(try await house.start(options))
                if name == "runner" { try await runners[0].isConnected() }
            }
            try await laptop.sees(["runner"])
            _ = try await laptop.send("work", to: "runner")
            #expect(try await runners[0].bodies(1) == ["work"])
            let refused = try await runners[1].service.end().error as? KinError
            #expect(refused?.code == "credential_used_up" && refused?.category == .refused)
            #expect(refused?.message.contains("kin wallet forget") == true)
            #expect(try await laptop.client.devices().devices.first { $0.name == "extra" }?.online != true)
            try await house.server.stop()
            try await house.server.start()
            try await runners[0].isConnected()
            _ = try await runners[0].send("done", to: laptop.version.member.description)
            #expect(try await laptop.bodies(1) == ["done"])
        }
    }

    @Test("revoked by the device that approved it, without the phrase, it stops")
    func revoked() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            let state = try house.join("kiosk", by: laptop, role: .member)
            let kiosk = try await house.start(
                .init(
                    state: state, name: DeviceName("kiosk"), servers: [house.server.url], trustRoots: nil,
                    executable: "/nonexistent"))
            try await laptop.sees(["kiosk"])
            let answer = try await laptop.client.revoke(RevokeRequest(device: "kiosk"))
            #expect(answer.revoked && answer.entry.author == .member(laptop.version.member))
            #expect((try await kiosk.service.end().error as? KinError)?.code == "device_revoked")
            try await eventually("it is gone") { try await laptop.client.devices().devices.map(\.name) == ["laptop"] }
        }
    }
}

extension House {
    /// Approves a machine of that name on the first device's word.
    func join(_ name: String, by owner: TestDaemon, role: Role) throws -> StateFolder {
        let state = StateFolder(root: "\(folder)/\(name)")
        let joining = Joining(state: state, now: realNow())
        let approving = try Approving(Installation(owner.state), now: realNow())
        let request = try approving.read(joining.request(name: DeviceName(name)).text)
        let answer = try approving.approve(
            request, role: role, lifetime: role == .guest ? 3_600_000 : nil, servers: [server.url])
        try joining.accept(joining.open(answer.text))
        return state
    }

    /// As `kin mesh credential` makes it.
    func ticket(uses: Int64 = 1) async throws -> JoinTicket {
        let key = Ed25519.PrivateKey.random()
        let credential = try await wallet.sign(
            JoinCredential(
                mesh: .home(of: wallet.address),
                credential: ULID(milliseconds: realNow(), randomness: Random.bytes(10)),
                ed25519: key.publicKey.bytes, role: .machine, uses: uses, notBefore: realNow(),
                expiresAt: realNow() + 3_600_000))
        let file = wallet.walletFile
        return JoinTicket(
            credential: credential, issuer: try await wallet.sign(credential.issuerCertificate),
            seed: key.seed.withBytes { Array($0) }, routeID: file.routeID, boxPublic: file.boxPublic, servers: [])
    }
}
