import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@testable import KinLink

@Suite struct LinkHandshakeTests {
    let now = TwoDevices.now

    @Test("both sides know who the other is, under one hash and one link")
    func succeeds() async throws {
        let devices = try await TwoDevices.fresh()
        var calling = try devices.initiator()
        var answering = devices.responder()
        let caller = try answering.read(calling.open(now: now), now: now)
        #expect(caller.peer.member == devices.caller.member)
        #expect(caller.resumption == nil)
        let id = LinkID.random()
        let mine = try calling.finish(answering.answer(link: id, now: now), now: now)
        let hash = mine.handshakeHash
        #expect(mine.peer.member == devices.called.member)
        #expect(mine.link == id && !mine.isContinued)
        var link = try Link(mine)
        let theirs = try answering.confirm(link.next().orThrow("a message"))
        #expect(theirs.peer == caller.peer)
        #expect(theirs.link == id && !theirs.isContinued)
        #expect(theirs.handshakeHash == hash)
    }

    @Test("each side hears where the other's revocation log stands, once that has proved who it is")
    func heads() async throws {
        let devices = try await TwoDevices.fresh()
        let heard = Observed([ULID]())
        let own = { (device: TestDevice) in
            LinkCredentials(
                chain: device.chain, key: device.keys.sealing, revocations: devices.revocations, newest: { _ in nil },
                stated: { head, peer in
                    #expect(head == devices.revocations.head)
                    heard.update { $0.append(peer.member) }
                })
        }
        var calling = try LinkInitiator(as: own(devices.caller), to: devices.called.verified())
        var answering = LinkResponder(as: own(devices.called))
        _ = try answering.read(calling.open(now: now), now: now)
        let answer = try answering.answer(link: .random(), now: now)
        #expect(heard.value == [])
        var link = try Link(calling.finish(answer, now: now))
        #expect(heard.value == [devices.called.member])
        _ = try answering.confirm(link.next().orThrow("a message"))
        #expect(heard.value == [devices.called.member, devices.caller.member])
    }

    @Test("a device whose key was rotated is called by its newest key, and calls with it")
    func rotated() async throws {
        let fresh = try await TwoDevices.fresh()
        let devices = TwoDevices(
            family: fresh.family, caller: fresh.caller.rotated(), called: fresh.called.rotated().rotated(),
            revocations: fresh.revocations)
        var pair = try devices.links()
        try pair.caller.submit([1])
        #expect(try pair.settle().called == [[1]])
        // Called by its older key it does not open.
        let older = TwoDevices(
            family: fresh.family, caller: fresh.caller, called: fresh.called, revocations: fresh.revocations)
        var calling = try older.initiator()
        let first = try calling.open(now: now)
        #expect(
            fault {
                var answering = devices.responder(); _ = try answering.read(first, now: now)
            } == .doesNotOpen)
    }

    @Test("who calls another machine, or in another mesh, is not understood")
    func prologues() async throws {
        let devices = try await TwoDevices.fresh()
        var calling = try devices.initiator()
        let first = try calling.open(now: now)
        let stranger = try await TwoDevices.fresh()
        for device in [devices.caller, stranger.called] {
            #expect(
                fault {
                    var answering = LinkResponder(as: devices.credentials(device))
                    _ = try answering.read(first, now: now)
                } == .doesNotOpen)
        }
        // The right key, but another machine's name in the prologue.
        let renamed = TestDevice(copying: devices.called, chain: stranger.called.chain)
        let elsewhere = LinkCredentials(
            chain: renamed.chain, key: renamed.keys.sealing, revocations: devices.revocations
        ) { _ in nil }
        #expect(
            fault {
                var answering = LinkResponder(as: elsewhere)
                _ = try answering.read(first, now: now)
            } == .doesNotOpen)
    }

    @Test("every changed byte of either message, and every shorter one, is refused")
    func tampered() async throws {
        let devices = try await TwoDevices.fresh()
        var calling = try devices.initiator()
        let first = try calling.open(now: now)
        for index in stride(from: 0, to: first.count, by: 7) {
            var changed = first
            changed[index] ^= 1
            for wrong in [changed, Array(first[..<index])] {
                #expect(
                    fault {
                        var answering = devices.responder(); _ = try answering.read(wrong, now: now)
                    }
                        == .doesNotOpen)
            }
        }
        var answering = devices.responder()
        _ = try answering.read(first, now: now)
        let answer = try answering.answer(link: .random(), now: now)
        for index in stride(from: 0, to: answer.count, by: 13) {
            var changed = answer
            changed[index] ^= 1
            for wrong in [changed, Array(answer[..<index])] {
                var again = try devices.initiator()
                _ = try again.open(now: now)
                #expect(Self.finishing(again, wrong, now) == .doesNotOpen)
            }
        }
        #expect(Self.finishing(calling, answer, now) == nil)
    }

    @Test("a member revoked, expired or of another wallet is refused by either side")
    func chains() async throws {
        let devices = try await TwoDevices.fresh()
        let guest = try devices.family.device(issuedBy: devices.called, role: .guest)
        let later = now + 86_400_001
        var calling = try LinkInitiator(as: devices.credentials(guest), to: devices.called.verified())
        let first = try calling.open(now: later)
        #expect(
            fault {
                var answering = devices.responder(); _ = try answering.read(first, now: later)
            } == .chain(.expired))

        let entry = try await devices.family.revocationByWallet(of: devices.caller.member, cutoff: 0)
        var revoked = try devices.initiator()
        let message = try revoked.open(now: now)
        #expect(devices.revocations.take([entry], now: now).new.count == 1)
        #expect(
            fault {
                var answering = devices.responder(); _ = try answering.read(message, now: now)
            } == .chain(.revoked))
    }

    @Test("the called device's chain is judged as the caller's is")
    func calledRevoked() async throws {
        let devices = try await TwoDevices.fresh()
        var calling = try devices.initiator()
        var answering = devices.responder()
        _ = try answering.read(calling.open(now: now), now: now)
        let answer = try answering.answer(link: .random(), now: now)
        let entry = try await devices.family.revocationByWallet(of: devices.called.member, cutoff: 0)
        _ = devices.revocations.take([entry], now: now)
        #expect(Self.finishing(calling, answer, now) == .chain(.revoked))
    }

    @Test("somebody else's certificate does not help: the keys of the handshake must be its keys")
    func borrowedChain() async throws {
        let devices = try await TwoDevices.fresh()
        let third = try await devices.family.device()
        let thief = TestDevice(copying: devices.caller, chain: third.chain)
        var calling = try LinkInitiator(as: devices.credentials(thief), to: devices.called.verified())
        let first = try calling.open(now: now)
        #expect(
            fault {
                var answering = devices.responder(); _ = try answering.read(first, now: now)
            } == .keyMismatch)
        // The called side's: even one that the wallet made for this machine.
        var certificate = devices.called.chain.certificate
        certificate.x25519 = third.keys.sealing.publicKey.bytes
        let signed = try await devices.family.wallet.sign(certificate)
        var honest = try devices.initiator()
        var answering = LinkResponder(
            as: devices.credentials(TestDevice(copying: devices.called, chain: Chain(certificate: signed))))
        _ = try answering.read(honest.open(now: now), now: now)
        #expect(Self.finishing(honest, try answering.answer(link: .random(), now: now), now) == .keyMismatch)
    }

    @Test("a device with the called one's key but another certificate is not the one called")
    func otherDevice() async throws {
        let devices = try await TwoDevices.fresh()
        let certificate = devices.called.chain.certificate
        let twin = try await devices.family.wallet.sign(
            Certificate(
                mesh: certificate.mesh, member: ULID(milliseconds: now, randomness: Random.bytes(10)),
                machineID: certificate.machineID, ed25519: certificate.ed25519, x25519: certificate.x25519,
                role: .owner, issuedAt: now, issuer: .wallet))
        var calling = try devices.initiator()
        var answering = LinkResponder(
            as: devices.credentials(TestDevice(copying: devices.called, chain: Chain(certificate: twin))))
        _ = try answering.read(calling.open(now: now), now: now)
        #expect(Self.finishing(calling, try answering.answer(link: .random(), now: now), now) == .wrongDevice)
    }

    @Test("a chain older than the newest one known is refused, by either side")
    func superseded() async throws {
        var devices = try await TwoDevices.fresh()
        // The keys stay, so only the chain tells: a later certificate of the same member.
        let old = devices.caller.chain.certificate
        var later = old
        later.issuedAt += 1
        devices.newest[devices.caller.member] = Chain(certificate: later)
        var calling = try devices.initiator()
        let first = try calling.open(now: now)
        #expect(
            fault {
                var answering = devices.responder(); _ = try answering.read(first, now: now)
            } == .superseded)
        // An older one known does no harm.
        later.issuedAt = old.issuedAt - 1
        devices.newest[devices.caller.member] = Chain(certificate: later)
        #expect(
            fault {
                var answering = devices.responder(); _ = try answering.read(first, now: now)
            } == nil)

        devices.newest = [devices.called.member: devices.called.rotated().chain]
        var answering = devices.responder()
        var again = try devices.initiator()
        _ = try answering.read(again.open(now: now), now: now)
        #expect(Self.finishing(again, try answering.answer(link: .random(), now: now), now) == .superseded)
    }

    @Test("whoever has a ticket neither calls nor answers as a device that is known")
    func impostor() async throws {
        var devices = try await TwoDevices.fresh()
        let ticket = try await devices.family.ticket(uses: 1)
        devices.newest = [devices.caller, devices.called].reduce(into: [:]) { $0[$1.member] = $1.chain }
        let thief = try devices.family.impostor(of: devices.caller.member, by: ticket)
        var calling = try LinkInitiator(as: devices.credentials(thief), to: devices.called.verified())
        let first = try calling.open(now: now)
        #expect(
            fault {
                var answering = devices.responder(); _ = try answering.read(first, now: now)
            } == .superseded)
        // To a caller that was misled as to the keys of the device it calls.
        let twin = try devices.family.impostor(of: devices.called.member, by: ticket)
        var misled = try LinkInitiator(as: devices.credentials(devices.caller), to: twin.verified())
        var answering = LinkResponder(as: devices.credentials(twin))
        _ = try answering.read(misled.open(now: now), now: now)
        #expect(Self.finishing(misled, try answering.answer(link: .random(), now: now), now) == .superseded)
    }

    @Test(
        "clocks may be a minute apart, and no more",
        arguments: [(60_000, true), (60_001, false), (-60_000, true), (-60_001, false)])
    func clocks(apart: Int64, isFine: Bool) async throws {
        let devices = try await TwoDevices.fresh()
        var calling = try devices.initiator()
        let first = try calling.open(now: now + apart)
        let found = fault {
            var answering = devices.responder(); _ = try answering.read(first, now: now)
        }
        #expect(found == (isFine ? nil : .clockDiffers))
        var answering = devices.responder()
        _ = try answering.read(first, now: now + apart)
        let answer = try answering.answer(link: .random(), now: now)
        #expect(Self.finishing(calling, answer, now + apart) == (isFine ? nil : .clockDiffers))
    }

    @Test("a member is told why it is refused; who is none is told nothing")
    func told() async throws {
        let devices = try await TwoDevices.fresh()
        var calling = try devices.initiator()
        var answering = devices.responder()
        let first = try calling.open(now: now - 100_000)
        let found = try #require(fault { _ = try answering.read(first, now: now) })
        let answer = try answering.refuse(found).orThrow("an answer")
        let told = Self.finishing(calling, answer, now)
        #expect(told == .refused(code: "clock_differs"))
        #expect(told.map { KinError($0).message.contains("clock_differs") } == true)

        let stranger = try await TwoDevices.fresh()
        var foreign = try LinkInitiator(
            as: LinkCredentials(
                chain: stranger.caller.chain, key: stranger.caller.keys.sealing, revocations: stranger.revocations
            ) { _ in nil }, to: devices.called.verified())
        var deaf = devices.responder()
        let knock = try foreign.open(now: now)
        let silence = try #require(fault { _ = try deaf.read(knock, now: now) })
        #expect(deaf.refuse(silence) == nil)
    }

    @Test("who was revoked is told so, and who shows the revoked one's chain without its keys is not")
    func toldRevoked() async throws {
        let devices = try await TwoDevices.fresh()
        let thief = TestDevice(copying: try await devices.family.device(), chain: devices.caller.chain)
        let entry = try await devices.family.revocationByWallet(of: devices.caller.member, cutoff: 0)
        _ = devices.revocations.take([entry], now: now)
        for (device, expected) in [(devices.caller, LinkFault.chain(.revoked)), (thief, .keyMismatch)] {
            var calling = try LinkInitiator(as: devices.credentials(device), to: devices.called.verified())
            var answering = devices.responder()
            let first = try calling.open(now: now)
            #expect(fault { _ = try answering.read(first, now: now) } == expected)
            let answer = answering.refuse(expected)
            #expect((answer != nil) == expected.isTold)
            if let answer { #expect(Self.finishing(calling, answer, now) == .refused(code: "member_revoked")) }
        }
    }

    @Test("a repeated first message comes to nothing: without the keys there is no second one of the caller's")
    func replay() async throws {
        let devices = try await TwoDevices.fresh()
        var calling = try devices.initiator()
        var answering = devices.responder()
        let first = try calling.open(now: now)
        _ = try answering.read(first, now: now)
        var link = try Link(calling.finish(answering.answer(link: .random(), now: now), now: now))
        let confirmation = try link.next().orThrow("a message")
        for attempt in [confirmation, [], [UInt8](repeating: 0, count: 25)] {
            var again = devices.responder()
            _ = try again.read(first, now: now)
            _ = try again.answer(link: .random(), now: now)
            #expect(Self.confirming(again, attempt) == .unconfirmed)
        }
        #expect(Self.confirming(answering, confirmation) == nil)
    }

    @Test("the first message of a link must be an acknowledgement of what was told")
    func firstRecord() async throws {
        let devices = try await TwoDevices.fresh()
        for record in [LinkRecord.last([1]), .acknowledgement(through: 1), .end(reason: "done")] {
            var calling = try devices.initiator()
            var answering = devices.responder()
            _ = try answering.read(calling.open(now: now), now: now)
            var connection = try calling.finish(answering.answer(link: .random(), now: now), now: now)
            let message = try connection.transport.seal(record.encoded())
            #expect(Self.confirming(answering, message) == .unconfirmed)
        }
    }

    @Test("steps out of order are errors, not traps")
    func order() async throws {
        let devices = try await TwoDevices.fresh()
        var answering = devices.responder()
        #expect(fault { _ = try answering.answer(link: .random(), now: now) } == .malformed)
        #expect(Self.confirming(answering, [1]) == .unconfirmed)
        var calling = try devices.initiator()
        let first = try calling.open(now: now)
        #expect(fault { _ = try calling.open(now: now) } == .malformed)
        var called = devices.responder()
        _ = try called.read(first, now: now)
        #expect(called.refuse(.clockDiffers) == nil)
        // Nothing was asked to be continued.
        #expect(fault { _ = try called.answer(link: .random(), receivedThrough: 0, now: now) } == .malformed)
        _ = try called.answer(link: .random(), now: now)
        #expect(fault { _ = try called.answer(link: .random(), now: now) } == .malformed)
    }

    @Test("every fault has a code of its own and a sentence")
    func sentences() {
        let faults: [LinkFault] = [
            .doesNotOpen, .malformed, .chain(.expired), .keyMismatch, .superseded, .wrongDevice, .clockDiffers,
            .refused(code: "x"), .unconfirmed, .lost, .tampered, .frameTooLarge, .busy, .positionInvalid, .ended,
        ]
        let errors = faults.map { KinError($0) }
        #expect(Set(errors.map(\.code)).count == faults.count)
        #expect(Set(errors.map(\.message)).count == faults.count)
        #expect(errors.allSatisfy { $0.message.contains(" ") && $0.message.count > 30 })
        #expect(faults.filter(\.isResumable) == [.tampered])
    }

    private static func finishing(
        _ calling: consuming LinkInitiator, _ answer: [UInt8], _ now: Int64
    ) -> LinkFault? {
        do throws(LinkFault) {
            _ = try calling.finish(answer, now: now)
            return nil
        } catch {
            return error
        }
    }

    private static func confirming(_ answering: consuming LinkResponder, _ message: [UInt8]) -> LinkFault? {
        do throws(LinkFault) {
            _ = try answering.confirm(message)
            return nil
        } catch {
            return error
        }
    }
}
