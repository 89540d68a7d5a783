import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct RevocationLogTests {
    let family: TestFamily
    let owner: TestDevice
    let other: TestDevice
    let guest: TestDevice
    let now = TestClock.start

    init() async throws {
        family = try TestFamily()
        owner = try await family.device()
        other = try await family.device()
        guest = try family.device(issuedBy: owner, role: .guest)
    }

    private func verdict(_ log: RevocationLog, _ device: TestDevice) -> ChainFault? {
        do throws(ChainFault) {
            _ = try ChainVerifier(mesh: family.mesh, revocations: RevocationLedger(log)).verify(device.chain, now: now)
            return nil
        } catch {
            return error
        }
    }

    private func log(_ proofs: RevocationProof...) throws -> RevocationLog {
        var log = RevocationLog(mesh: family.mesh)
        for proof in proofs { try log.add(proof, now: now) }
        return log
    }

    @Test("a member that an issuer or the wallet revoked is one no more, whatever its chain's date")
    func revoked() async throws {
        #expect(verdict(try log(family.revocation(of: guest.member, by: owner)), guest) == .revoked)
        #expect(verdict(try log(family.revocation(of: guest.member, by: other)), guest) == .revoked)
        #expect(verdict(try await log(family.revocationByWallet(of: guest.member)), guest) == .revoked)
        #expect(verdict(try await log(family.revocationByWallet(of: owner.member)), owner) == .revoked)
        let before = try family.revocation(of: guest.member, by: owner, cutoff: now - 86_400_000)
        #expect(verdict(try log(before), guest) == .revoked)
        #expect(verdict(try log(family.revocation(of: guest.member, by: owner)), other) == nil)
    }

    @Test("an issuer cannot touch an owner or another issuer")
    func protected() throws {
        #expect(verdict(try log(family.revocation(of: owner.member, by: other)), owner) == nil)
        // `other` is known as an issuer by its own entry.
        let both = try log(
            family.revocation(of: guest.member, by: other), family.revocation(of: other.member, by: owner))
        #expect(verdict(both, other) == nil)
    }

    @Test("of a revoked issuer only what the revocation spares survives, and back-dating buys nothing")
    func keeps() async throws {
        let late = try family.device(issuedBy: owner)
        let spared = try await family.revocationByWallet(
            of: owner.member, cutoff: now + 1, keep: [guest.chain.certificate.hash], at: now + 1)
        let log = try log(spared)
        #expect(verdict(log, guest) == nil)
        #expect(verdict(log, late) == .issuerRevoked, "issued at the same time, and not spared")
        #expect(verdict(log, owner) == .revoked)
        #expect(verdict(log, other) == nil)
    }

    @Test("a certificate issued at or after the cutoff does not survive, though it be spared")
    func cutoff() async throws {
        let at = guest.chain.certificate.issuedAt
        for (cutoff, fault) in [(at, ChainFault.issuerRevoked), (at + 1, nil)] {
            let proof = try await family.revocationByWallet(
                of: owner.member, cutoff: cutoff, keep: [guest.chain.certificate.hash], at: now + 1)
            #expect(verdict(try log(proof), guest) == fault)
        }
    }

    @Test("entries of a revoked issuer fall with it, unless they are spared")
    func entriesOfRevoked() async throws {
        let entry = try family.revocation(of: guest.member, by: other)
        let falls = try await family.revocationByWallet(of: other.member, cutoff: now + 1, at: now + 1)
        #expect(verdict(try log(entry, falls), guest) == nil)
        let spares = try await family.revocationByWallet(
            of: other.member, cutoff: now + 1, keep: [entry.entry.hash], at: now + 1)
        #expect(verdict(try log(entry, spares), guest) == .revoked)
    }

    @Test("of several entries for one target the earliest cutoff tells")
    func earliest() async throws {
        let late = try family.revocation(of: guest.member, by: owner, cutoff: now)
        let early = try await family.revocationByWallet(of: guest.member, cutoff: now - 5_000)
        let log = try log(late, early)
        #expect(log.verdicts.revocation(of: guest.member, role: .guest)?.cutoff == now - 5_000)
    }

    @Test("entries at one place all count, and are a fork")
    func forks() async throws {
        let members = try (0..<4).map { _ in try family.device(issuedBy: other) }
        let proofs = try members.map { try family.revocation(of: $0.member, by: owner) }
        let log = try log(proofs[0], proofs[1], proofs[2], proofs[3])
        #expect(log.forks == [.init(author: .member(owner.member), seq: 1)])
        for member in members { #expect(verdict(log, member) == .revoked) }
    }

    @Test("of an issuer's entries against one target the strongest stays, in every order, and the target stays revoked")
    func strongest() throws {
        let proofs = try [0, 1000, 2000].map {
            try family.revocation(of: guest.member, by: owner, seq: 1, cutoff: now - $0, reason: "\($0)")
        }
        var heads: Set<RevocationHead> = []
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]] {
            var log = RevocationLog(mesh: family.mesh)
            for index in order {
                _ = try? log.add(proofs[index], now: now)
                #expect(verdict(log, guest) == .revoked)
            }
            heads.insert(log.head)
            #expect(log.entries == [proofs[2]] && log.forks.isEmpty)
        }
        #expect(heads.count == 1)
    }

    @Test("several words of the wallet at one place all stay")
    func walletForks() async throws {
        var log = RevocationLog(mesh: family.mesh)
        for device in [owner, other, guest] {
            try await log.add(family.revocationByWallet(of: device.member), now: now)
        }
        #expect(log.entries.count == 3)
        for device in [owner, other, guest] { #expect(verdict(log, device) == .revoked) }
    }

    @Test("an author's list is bounded, and a full one is judged in a moment")
    func large() throws {
        var log = RevocationLog(mesh: family.mesh)
        for index in 0..<RevocationLog.maxEntries {
            let target = ULID(milliseconds: Int64(index), randomness: [UInt8](repeating: 3, count: 10))
            let previous = index == 0 ? nil : [UInt8](repeating: 1, count: 32)
            try log.add(
                family.revocation(of: target, by: owner, seq: Int64(index) + 1, previous: previous), now: now)
        }
        #expect(log.head.count == 1024 && log.gaps.isEmpty)
        let more = try family.revocation(of: guest.member, by: owner, seq: 1)
        #expect(throws: RevocationFault.tooMany) { try log.add(more, now: now) }
        let again = RevocationLedger(mesh: family.mesh, holding: log.entries)
        #expect(again.head == log.head)
    }

    @Test("a place that is missing before an author's last entry shows as withheld")
    func gaps() throws {
        let first = try family.revocation(of: guest.member, by: owner)
        let third = try family.revocation(
            of: family.device(issuedBy: other).member, by: owner, seq: 3, previous: [UInt8](repeating: 1, count: 32))
        let log = try log(first, third)
        #expect(log.gaps == [.init(author: .member(owner.member), seq: 2)])
        #expect(log.next(by: .member(owner.member)).seq == 4)
        #expect(log.next(by: .member(owner.member)).previous == third.entry.hash)
        #expect(log.next(by: .wallet).seq == 1 && log.next(by: .wallet).previous == nil)
    }

    @Test("the head depends on the entries alone, and an entry that is there changes nothing")
    func heads() async throws {
        let one = try family.revocation(of: guest.member, by: owner)
        let two = try await family.revocationByWallet(of: other.member)
        #expect(RevocationLog(mesh: family.mesh).head == .empty)
        var log = try log(one, two)
        #expect(try log.head == self.log(two, one).head && log.head.count == 2)
        let change = try log.add(one, now: now)
        #expect(change == .none && log.head.count == 2)
        #expect(log.missing(from: [one.entry.hash]) == [two])
    }

    @Test("what is not valid does not enter the log, each with its reason")
    func refusals() async throws {
        let good = try family.revocation(of: guest.member, by: owner)
        let stranger = try TestFamily()
        let strange = try await stranger.device()
        var elsewhere = try stranger.revocation(of: guest.member, by: strange)
        let cases: [(RevocationFault, RevocationProof)] = try [
            (.wrongMesh, elsewhere),
            (.badSignature, changed(good) { $0.entry.reason = "other" }),
            (.badSignature, changed(good) { $0.issuer?.signature[0] ^= 1 }),
            (.badSignature, changed(good) { $0.issuer?.ed25519 = strange.keys.issuing.publicKey.bytes }),
            (.datedAhead, family.revocation(of: guest.member, by: owner, at: now + 300_001)),
            (.datedAhead, family.revocation(of: guest.member, by: owner, cutoff: now + 1)),
            (
                .tooMany,
                family.revocation(
                    of: guest.member, by: owner, seq: 1025, previous: [UInt8](repeating: 1, count: 32))
            ),
            (.notEntitled, family.revocation(of: guest.member, by: owner, at: now - 1)),
        ]
        for (fault, proof) in cases {
            var log = RevocationLog(mesh: family.mesh)
            #expect(throws: fault) { try log.add(proof, now: now) }
            #expect(log.head == .empty && log.entries.isEmpty)
        }
        elsewhere.entry.mesh = family.mesh
        var log = RevocationLog(mesh: family.mesh)
        #expect(throws: RevocationFault.wrongMesh) { try log.add(elsewhere, now: now) }
    }

    private func changed(_ proof: RevocationProof, _ change: (inout RevocationProof) -> Void) -> RevocationProof {
        var proof = proof
        change(&proof)
        return proof
    }

    @Test("an issuer without the power to revoke revokes nobody")
    func notEntitled() async throws {
        let file = try ChainFile(reading: owner.state.daemon() + "/chain.json").orThrow("chain.json")
        var issuer = try file.issuer.orThrow("an issuer certificate")
        issuer.scopes = [.issue]
        issuer = try await family.wallet.sign(issuer)
        let proof = RevocationProof(
            issuer: issuer, entry: try family.revocation(of: guest.member, by: owner).entry)
        var log = RevocationLog(mesh: family.mesh)
        #expect(throws: RevocationFault.notEntitled) { try log.add(proof, now: now) }
    }

    @Test("the file holds the whole log, and a damaged one says so")
    func file() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("revocations.json")
        let log = try await log(
            family.revocation(of: guest.member, by: owner), family.revocationByWallet(of: other.member))
        try RevocationFile.write(log, to: path)
        #expect(RevocationLedger(mesh: family.mesh, holding: try RevocationFile.read(path)).head == log.head)
        #expect(try RevocationFile.read(folder.file("none")).isEmpty)
        for text in ["", "{}", "{\"entries\":[[]]}", "{\"entries\":1}"] {
            try StateFolder.write(Array(text.utf8), to: path, mode: 0o644)
            let error = #expect(throws: KinError.self) { try RevocationFile.read(path) }
            #expect(error?.code == "file_damaged", "\(text)")
        }
    }
}
