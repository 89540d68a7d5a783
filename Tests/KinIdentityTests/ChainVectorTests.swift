import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

/// `Vectors/kindred/chains.json`: each rule of a chain, kept and broken.
@Suite struct ChainVectorTests {
    static let file = "kindred/chains.json"

    static func cases(valid: Bool) throws -> [Vector] {
        try Vector.list(file, "cases").filter { try $0.bool("valid") == valid }
    }

    @Test("a valid chain makes its bearer the member it names", arguments: try cases(valid: true))
    func valid(vector: Vector) throws {
        let chain = try Chain(canonical: vector.utf8("chain_text"))
        let verifier = ChainVerifier(mesh: try MeshID(vector.text("mesh")).orThrow("mesh"))
        let member = try verifier.verify(chain, now: vector.integer("now"))
        #expect(member.member.description == (try vector.text("member")))
        #expect(member.role.description == (try vector.text("role")))
        #expect(member.machineID == chain.certificate.machineID)
        #expect(member.ed25519.first?.bytes == (try vector.hex("ed25519")))
        #expect(member.x25519.first?.bytes == (try vector.hex("x25519")))
        #expect(member.ed25519.count == chain.rotations.count + 1 && member.x25519.count == member.ed25519.count)
        #expect(Digest.sha256(chain.canonicalBytes()) == (try vector.hex("chain_sha256")))
    }

    /// The independent implementation's codes, as this one says them. What is not here breaks the form already.
    static let faults: [String: ChainFault] = [
        "issuer_missing": .issuerMismatch, "issuer_unexpected": .issuerMismatch, "issuer_mismatch": .issuerMismatch,
        "signature_invalid": .badSignature, "rotation_signature": .badSignature, "key_invalid": .badKey,
        "mesh_mismatch": .wrongMesh, "role_above_issuer": .roleRaised, "scope_granted_on": .scopeRaised,
        "issuer_may_not_issue": .notEntitled, "issued_before_issuer": .notEntitled,
        "issued_after_issuer": .notEntitled, "dated_ahead": .datedAhead, "certificate_expired": .expired,
        "rotation_member": .rotationBroken, "rotation_sequence": .rotationBroken, "rotation_key": .rotationBroken,
    ]

    /// A wallet that is no sound key is said to be one here; the other implementation speaks of its signature.
    static let saidOtherwise: [String: ChainFault] = ["wallet the identity, signature forged": .badKey]

    @Test("a chain that breaks one rule is refused for that rule", arguments: try cases(valid: false))
    func invalid(vector: Vector) throws {
        let bytes = try vector.utf8("chain_text")
        let why = try vector.text("why")
        guard let expected = Self.saidOtherwise[vector.name] ?? Self.faults[why] else {
            #expect(throws: WireError.self) { try Chain(canonical: bytes) }
            return
        }
        let chain = try Chain(canonical: bytes)
        let verifier = ChainVerifier(mesh: try MeshID(vector.text("mesh")).orThrow("mesh"))
        let now = try vector.integer("now")
        let fault = #expect(throws: ChainFault.self) { try verifier.verify(chain, now: now) }
        #expect(fault == expected)
    }

    @Test("no valid chain is valid in another mesh", arguments: try cases(valid: true))
    func otherMesh(vector: Vector) throws {
        let chain = try Chain(canonical: vector.utf8("chain_text"))
        let mesh = chain.certificate.mesh
        let otherSlug = try MeshID(slug: "other", wallet: mesh.wallet).orThrow("mesh")
        let otherWallet = try MeshID(slug: mesh.slug, wallet: TestWallet().address).orThrow("mesh")
        let now = try vector.integer("now")
        for other in [otherSlug, otherWallet] {
            let fault = #expect(throws: ChainFault.self) { try ChainVerifier(mesh: other).verify(chain, now: now) }
            #expect(fault == .wrongMesh)
        }
    }

    @Test("no statement of a valid chain bears a change of one bit of a signature", arguments: try cases(valid: true))
    func brokenSignatures(vector: Vector) throws {
        let chain = try Chain(canonical: vector.utf8("chain_text"))
        let verifier = ChainVerifier(mesh: chain.certificate.mesh)
        let now = try vector.integer("now")
        var broken: [Chain] = []
        var copy = chain
        copy.certificate.signature[40] ^= 4
        broken.append(copy)
        for index in chain.rotations.indices {
            copy = chain
            copy.rotations[index].oldSignature[3] ^= 1
            broken.append(copy)
            copy = chain
            copy.rotations[index].newSignature[63] ^= 8
            broken.append(copy)
        }
        if chain.issuer != nil {
            copy = chain
            copy.issuer?.signature[0] ^= 1
            broken.append(copy)
        }
        for chain in broken {
            let fault = #expect(throws: ChainFault.self) { try verifier.verify(chain, now: now) }
            #expect(fault == .badSignature)
        }
    }
}
