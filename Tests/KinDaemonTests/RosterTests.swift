import KinCrypto
import KinIdentity
import KinTesting
import KinWire
import Testing

@testable import KinDaemon

@Suite struct RosterTests {
    @Test("a longer chain replaces a shorter one, and the shorter one does not come back")
    func rotations() async throws {
        let family = try TestFamily()
        let device = try await family.device()
        let roster = Roster(mesh: family.mesh, revocations: RevocationLedger(mesh: family.mesh))
        let rotated = device.rotated()
        #expect(roster.add(rotated.chain, online: true, now: TestClock.start) == .taken)
        #expect(roster.add(device.chain, online: true, now: TestClock.start) == .shorter)
        #expect(roster.member(device.member)?.chain == rotated.chain)
    }

    @Test("whoever has a ticket does not take a device's member id, whichever of the two is told first")
    func impostor() async throws {
        let family = try TestFamily()
        let laptop = try await family.device()
        let ticket = try await family.ticket(uses: 1)
        let thief = try family.impostor(of: laptop.member, by: ticket)
        #expect(throws: Never.self) { try thief.verified() }
        for chains in [[laptop, thief], [thief, laptop], [thief, laptop, thief.rotated()]] {
            let roster = Roster(mesh: family.mesh, revocations: RevocationLedger(mesh: family.mesh))
            for device in chains { roster.add(device.chain, online: true, now: TestClock.start) }
            #expect(roster.member(laptop.member)?.chain == laptop.chain)
        }
    }

    @Test("of two certificates by the wallet the later one stays, whichever is told first")
    func rolledBack() async throws {
        let family = try TestFamily()
        let older = try await family.device()
        let later = try await family.recertified(older, at: family.now + 1, keys: .generate())
        for chains in [[older, later], [later, older], [later, older.rotated()]] {
            let roster = Roster(mesh: family.mesh, revocations: RevocationLedger(mesh: family.mesh))
            for device in chains { roster.add(device.chain, online: true, now: TestClock.start) }
            #expect(roster.member(older.member)?.chain == later.chain)
        }
    }

    @Test("a certificate of the same first key by a ticket demotes nobody, nor sends callers to another machine")
    func demoted() async throws {
        let family = try TestFamily()
        let laptop = try await family.device()
        let rotated = laptop.rotated()
        let ticket = try await family.ticket(uses: 1)
        var chain = try family.impostor(of: laptop.member, by: ticket).chain
        chain.certificate.ed25519 = laptop.keys.signing.publicKey.bytes
        chain.certificate = chain.certificate.signed(
            by: try Ed25519.PrivateKey(seed: SecretBytes(copying: ticket.seed)))
        // The rotation is the laptop's own: it names no certificate.
        chain.rotations = rotated.chain.rotations
        let roster = Roster(mesh: family.mesh, revocations: RevocationLedger(mesh: family.mesh))
        roster.add(rotated.chain, online: true, now: TestClock.start)
        roster.add(chain, online: true, now: TestClock.start)
        #expect(roster.member(laptop.member)?.chain == rotated.chain)
    }

    @Test("who was certified for a while keeps its member id afterwards")
    func ended() async throws {
        let family = try TestFamily()
        let ticket = try await family.ticket(uses: 1, lifetime: 1_000)
        let guest = try family.device(by: ticket)
        let thief = try family.impostor(of: guest.member, by: try await family.ticket(uses: 1))
        let late = TestClock.start + 1_000
        let roster = Roster(mesh: family.mesh, revocations: RevocationLedger(mesh: family.mesh))
        roster.add(guest.chain, online: true, now: TestClock.start)
        roster.startOver(now: late)
        #expect(roster.member(guest.member) == nil && roster.ended(guest.member)?.chain == guest.chain)
        roster.add(thief.chain, online: true, now: late)
        #expect(roster.member(guest.member) == nil && roster.ended(guest.member)?.chain == guest.chain)
        roster.add(thief.chain, online: true, now: TestClock.start + 86_400_000)
        #expect(roster.ended(guest.member)?.chain == guest.chain)
    }

    @Test("of two rotations from one key neither is believed any more, in whatever order they come")
    func fork() async throws {
        let family = try TestFamily()
        let device = try await family.device()
        let (one, other) = (device.rotated(), device.rotated(at: TestClock.start + 1))
        for chains in [[one, other], [other, one], [device, one, other]] {
            let roster = Roster(mesh: family.mesh, revocations: RevocationLedger(mesh: family.mesh))
            for (index, device) in chains.enumerated() {
                let isLast = index == chains.count - 1
                #expect(roster.add(device.chain, online: true, now: TestClock.start) == (isLast ? .forked : .taken))
            }
            #expect(roster.member(device.member) == nil && roster.forked == [device.member])
            #expect(roster.add(one.chain, online: true, now: TestClock.start) == .forked)
        }
    }
}
