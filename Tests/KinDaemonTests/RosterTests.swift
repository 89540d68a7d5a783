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
        #expect(roster.add(rotated.chain, online: true, now: TestClock.start))
        #expect(roster.add(device.chain, online: true, now: TestClock.start))
        #expect(roster.member(device.member)?.chain == rotated.chain)
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
                #expect(roster.add(device.chain, online: true, now: TestClock.start) == !isLast)
            }
            #expect(roster.member(device.member) == nil && roster.forked == [device.member])
            #expect(!roster.add(one.chain, online: true, now: TestClock.start))
        }
    }
}
