import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct VerifiedMemberTests {
    @Test("any key of the chain may have signed a message, only the one in force signs a hello")
    func keys() async throws {
        let device = try await TestFamily().device()
        let rotated = device.rotated()
        let member = try rotated.verified()
        let bytes: [UInt8] = [1, 2, 3]
        let old = device.keys.signing.sign(bytes, domain: "kindred/test/v1")
        let new = rotated.keys.signing.sign(bytes, domain: "kindred/test/v1")
        #expect(member.anyKeySigned(bytes, signature: old, domain: "kindred/test/v1"))
        #expect(member.anyKeySigned(bytes, signature: new, domain: "kindred/test/v1"))
        #expect(!member.currentKeySigned(bytes, signature: old, domain: "kindred/test/v1"))
        #expect(member.currentKeySigned(bytes, signature: new, domain: "kindred/test/v1"))
        #expect(!member.anyKeySigned(bytes, signature: new, domain: "kindred/hello/v1"))
        #expect(!member.anyKeySigned([9], signature: new, domain: "kindred/test/v1"))
    }

    @Test("a certificate has expired from the moment it names")
    func expiry() async throws {
        let family = try TestFamily()
        let guest = try family.device(issuedBy: await family.device(), role: .guest)
        let end = try guest.chain.certificate.expiresAt.orThrow("expires_at")
        #expect(throws: Never.self) { try guest.verified(now: end - 1) }
        #expect(throws: ChainFault.expired) { try guest.verified(now: end) }
    }

    @Test("a device certified by another's issuer key is a member with the role it was given")
    func issued() async throws {
        let family = try TestFamily()
        let issuer = try await family.device()
        let issued = try family.device(issuedBy: issuer, role: .guest)
        #expect(try issued.verified().role == .guest)
        #expect(throws: ChainFault.roleRaised) { try family.device(issuedBy: issuer, role: .owner).verified() }
    }
}
