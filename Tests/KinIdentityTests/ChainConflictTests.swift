import KinCrypto
import KinIdentity
import KinTesting
import KinWire
import Testing

/// Which of two valid chains of one member holds. No chain here is another device's honest state: each is somebody's attempt, but for the ones that may.
@Suite struct ChainConflictTests {
    private let family: TestFamily
    private let device: TestDevice
    private let thief: TestDevice

    init() async throws {
        family = try TestFamily()
        device = try await family.device()
        thief = try family.impostor(of: device.member, by: try await family.ticket(uses: 1))
    }

    private func conflict(_ chain: Chain, _ known: Chain) -> ChainConflict? {
        do throws(ChainConflict) { try chain.check(replacing: known) } catch { return error }
        #expect(chain.mayReplace(known))
        return nil
    }

    @Test("rotations are only ever added")
    func rotations() {
        let rotated = device.rotated()
        #expect(conflict(device.chain, device.chain) == nil)
        #expect(conflict(rotated.chain, device.chain) == nil)
        #expect(conflict(rotated.rotated().chain, device.chain) == nil)
        #expect(conflict(device.chain, rotated.chain) == .shorter)
        #expect(conflict(device.rotated(at: TestClock.start + 1).chain, rotated.chain) == .foreign, "a fork")
        #expect(conflict(device.rotated().rotated().chain, rotated.chain) == .foreign, "a fork, and longer")
        #expect(device.chain.mayReplace(nil))
    }

    @Test("the wallet's later word makes other keys a member's, and its earlier one comes back no more")
    func wallet() async throws {
        let later = try await family.recertified(device, at: family.now + 1, keys: .generate())
        for known in [device.chain, device.rotated().chain] {
            #expect(conflict(later.chain, known) == nil)
            #expect(conflict(known, later.chain) == .foreign)
        }
        let twin = try await family.recertified(device, at: family.now, keys: .generate())
        #expect(conflict(twin.chain, device.chain) == .foreign && conflict(device.chain, twin.chain) == .foreign)
    }

    @Test("a later certificate for keys that were rotated away does not bring them back; one for the newest keys holds")
    func rotatedAway() async throws {
        let rotated = device.rotated()
        let back = try await family.recertified(device, at: family.now + 1)
        #expect(conflict(back.chain, rotated.chain) == .shorter)
        let fresh = try await family.recertified(device, at: family.now + 1, keys: rotated.keys)
        #expect(conflict(fresh.chain, rotated.chain) == nil)
        #expect(conflict(fresh.rotated().chain, rotated.chain) == nil)
    }

    @Test(
        "an issuer's word never holds against the wallet's, whatever it is dated; of two issuers' the known one stays")
    func issuers() async throws {
        #expect(conflict(thief.chain, device.chain) == .foreign)
        #expect(conflict(thief.rotated().chain, device.chain) == .foreign)
        #expect(conflict(device.chain, thief.chain) == nil)
        let earlier = try await family.recertified(device, at: family.now - 1)
        #expect(conflict(earlier.chain, thief.chain) == nil && conflict(thief.chain, earlier.chain) == .foreign)
        let issued = try family.device(issuedBy: device)
        let other = try family.impostor(of: issued.member, by: try await family.ticket(uses: 1))
        #expect(conflict(other.chain, issued.chain) == .foreign && conflict(issued.chain, other.chain) == .foreign)
    }

    @Test("rotations that a device made do not carry it under another issuer's certificate")
    func borrowedRotations() async throws {
        let ticket = try await family.ticket(uses: 1)
        let rotated = device.rotated()
        var chain = try family.impostor(of: device.member, by: ticket).chain
        chain.certificate.ed25519 = device.keys.signing.publicKey.bytes
        chain.certificate = chain.certificate.signed(
            by: try Ed25519.PrivateKey(seed: SecretBytes(copying: ticket.seed)))
        chain.rotations = rotated.chain.rotations
        #expect(throws: Never.self) { try TestDevice(copying: rotated, chain: chain).verified() }
        #expect(conflict(chain, rotated.chain) == .foreign && conflict(chain, device.chain) == .foreign)
    }
}
