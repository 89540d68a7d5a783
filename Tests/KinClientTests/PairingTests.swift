import KinCrypto
import KinEncoding
import KinIdentity
import KinLink
import KinTestServer
import KinTesting
import KinWire
import NIOPosix
import Testing

@testable import KinClient

/// From the code to the certificate, over a room in which anything happens.
@Suite struct PairingTests {
    private static let patient: @Sendable (SafetyNumber) async throws -> Bool = { _ in
        try await Task.sleep(for: .seconds(60))
        return true
    }

    private static let refusing: @Sendable (SafetyNumber) async throws -> Bool = { _ in false }

    @Test("both say yes and the machine is a member; both saw one number")
    func whole() async throws {
        let stage = try await PairingStage()
        let (room, asker, granter) = (CrookedRoom(), try stage.asker(), stage.granter())
        async let asked = stage.ask(asker, over: room.carrier(.first))
        let granted = await stage.grant(granter, over: room.carrier(.second))
        #expect(await asked == nil && granted == nil)
        #expect(asker.isMember && granter.certified.value == [asker.joining.request.machineID])
        #expect(asker.numbers.value == granter.numbers.value && asker.numbers.value.count == 1)
    }

    @Test(
        "whatever a relay does to one message, nobody is certified unseen, and who says it is done is right",
        arguments: CrookedRoom.Deed.allCases.filter { $0 != .pass }, CrookedRoom.Party.allCases)
    func crooked(deed: CrookedRoom.Deed, party: CrookedRoom.Party) async throws {
        // The asker sends second, ask, confirmed, done; the granter first, third, offer, approval.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<4 { group.addTask { try await Self.check(deed, party, number) } }
            try await group.waitForAll()
        }
    }

    private static func check(_ deed: CrookedRoom.Deed, _ party: CrookedRoom.Party, _ number: Int) async throws {
        let stage = try await PairingStage(whole: .milliseconds(600))
        let room = CrookedRoom { $0 == party && $1 == number ? deed : .pass }
        let (asker, granter) = (try stage.asker(), stage.granter())
        let began = ContinuousClock.now
        async let asked = stage.ask(asker, over: room.carrier(.first))
        let granted = await stage.grant(granter, over: room.carrier(.second))
        let told = await asked
        let place = "\(deed) \(party) \(number): asker \(told ?? "done"), granter \(granted ?? "done")"
        #expect(ContinuousClock.now - began < .seconds(4), "\(place)")
        #expect((told == nil) == asker.isMember, "\(place)")
        if granted == nil { #expect(asker.isMember, "\(place)") }
        if granted == "pairing_refused" { #expect(!asker.isMember, "\(place)") }
        // In doubt only where there is a certificate, and always where nothing was heard of it.
        if granted == "approval_unconfirmed" { #expect(!granter.certified.value.isEmpty, "\(place)") }
        if asker.isMember && granted != nil { #expect(granted == "approval_unconfirmed", "\(place)") }
        // What comes once more or last is heard before the rest is found out: by then both had said yes.
        if number < 2 || number < 3 && ![.twice, .passAndCut].contains(deed) {
            #expect(!asker.isMember && granter.certified.value.isEmpty, "\(place)")
        }
    }

    @Test("a no on either side ends it on both, with its reason, and nothing is certified or kept", arguments: [0, 1])
    func no(who: Int) async throws {
        let stage = try await PairingStage()
        let room = CrookedRoom()
        // The other's person has not answered yet, and need not any more.
        let asker = try stage.asker(answer: who == 0 ? Self.refusing : Self.patient)
        let granter = stage.granter(answer: who == 1 ? Self.refusing : Self.patient)
        async let asked = stage.ask(asker, over: room.carrier(.first))
        let granted = await stage.grant(granter, over: room.carrier(.second))
        let told = await asked
        #expect([told, granted][who] == "pairing_numbers_differ" && [told, granted][1 - who] == "pairing_refused")
        #expect(!asker.isMember && granter.certified.value.isEmpty)
    }

    @Test("an error at the question, as an end of input is, ends it for both", arguments: [0, 1])
    func questionFails(who: Int) async throws {
        let stage = try await PairingStage()
        let room = CrookedRoom()
        let failing: @Sendable (SafetyNumber) async throws -> Bool = { _ in throw KinError("input_ended", "it ended") }
        let asker = try stage.asker(answer: who == 0 ? failing : Self.patient)
        let granter = stage.granter(answer: who == 1 ? failing : Self.patient)
        async let asked = stage.ask(asker, over: room.carrier(.first))
        let granted = await stage.grant(granter, over: room.carrier(.second))
        let told = await asked
        #expect([told, granted][who] == "input_ended" && [told, granted][1 - who] == "pairing_refused")
    }

    @Test("a yes that comes too late is too late, and a person who goes on thinking is not waited for")
    func slow() async throws {
        let stage = try await PairingStage(whole: .milliseconds(400))
        let (room, asker, granter) = (CrookedRoom(), try stage.asker(), stage.granter(answer: Self.patient))
        async let asked = stage.ask(asker, over: room.carrier(.first))
        let granted = await stage.grant(granter, over: room.carrier(.second))
        let codes = [await asked, granted]
        #expect(codes.contains("pairing_timed_out"))
        #expect(codes.allSatisfy { $0 == "pairing_timed_out" || $0 == "pairing_refused" })
        #expect(granter.certified.value.isEmpty)
    }

    @Test("a certificate that is not the one shown is not kept, and its maker is told so")
    func other() async throws {
        let stage = try await PairingStage()
        let (room, asker, granter) = (CrookedRoom(), try stage.asker(), stage.granter(giving: .machine))
        async let asked = stage.ask(asker, over: room.carrier(.first))
        let granted = await stage.grant(granter, over: room.carrier(.second))
        #expect(await asked == "approval_differs" && granted == "pairing_refused")
        #expect(!asker.isMember)
    }

    @Test("two who ask, or pair for different things, are told so")
    func mismatch() async throws {
        let stage = try await PairingStage()
        let room = CrookedRoom()
        let (asker, granter) = (try stage.asker(.mesh), stage.granter())
        async let asked = stage.ask(asker, over: room.carrier(.first))
        let granted = await stage.grant(granter, over: room.carrier(.second))
        let codes = [await asked, granted]
        #expect(codes.contains("pairing_mismatch"))
        #expect(codes.allSatisfy { $0 == "pairing_mismatch" || $0 == "pairing_refused" })
        #expect(granter.numbers.value.isEmpty && asker.numbers.value.isEmpty)
    }

    @Test("somebody who has the code and stands between is seen by the numbers, and gets nothing")
    func between() async throws {
        let stage = try await PairingStage()
        let (left, right) = (CrookedRoom(), CrookedRoom())
        // People who look at both screens.
        let screens = Observed([SafetyNumber]())
        let compare: @Sendable (SafetyNumber) async throws -> Bool = { number in
            screens.update { $0.append(number) }
            let both = try await screens.wait { $0.count == 2 }
            return both[0] == both[1]
        }
        let (asker, granter) = (try stage.asker(answer: compare), stage.granter(answer: compare))
        async let asked = stage.ask(asker, over: left.carrier(.first))
        async let granted = stage.grant(granter, over: right.carrier(.second))
        let between = Task {
            let near = try await PairingMeeting(room: stage.room, carrier: left.carrier(.second)).greet(
                .entered, patience: stage.patience)
            let far = try await PairingMeeting(room: stage.room, carrier: right.carrier(.first)).greet(
                .shown, patience: stage.patience)
            // Passes on whatever is said, which it can read.
            async let there: Void = { while true { try await far.send(near.receive()) } }()
            while true { try await near.send(far.receive()) }
            try await there
        }
        let codes = [await asked, await granted]
        between.cancel()
        #expect(Set(screens.value).count == 2)
        #expect(codes.contains("pairing_numbers_differ") && !codes.contains(nil))
        #expect(!asker.isMember && granter.certified.value.isEmpty)
    }

    // MARK: Rooms of a real relay

    private static func running(_ body: (PairingCode) async throws -> Void) async throws {
        let server = try await TestServer.start(data: "/proc/none/kindred", relayOnly: true)
        do {
            try await body(PairingMeeting.code(at: ServerAddress(server.url)))
            try await server.stop()
        } catch {
            try? await server.stop()
            throw error
        }
    }

    private static func end(_ body: () async throws -> Void) async throws -> KinError {
        do {
            try await body()
            throw MissingValue("an error")
        } catch let error as KinError {
            return error
        }
    }

    @Test("in a real room two pair, and a third is refused while they do")
    func third() async throws {
        try await Self.running { code in
            let stage = try await PairingStage()
            let shown = try await PairingMeeting.enter(code, trustRoots: nil)
            async let waiting = shown.greet(.shown, patience: stage.patience)
            let entered = try await PairingMeeting.enter(code, trustRoots: nil)
            let mine = try await entered.greet(.entered, patience: stage.patience)
            let theirs = try await waiting
            let third = try await PairingMeeting.enter(code, trustRoots: nil)
            let refused = try await Self.end { _ = try await third.greet(.entered, patience: stage.patience) }
            #expect(refused.code == "pairing_room_taken" && refused.category == .conflict)
            let (asker, granter) = (try stage.asker(), stage.granter())
            let patience = stage.patience
            async let asked: Void = theirs.ask(.device, asker.joining.request, by: asker, patience: patience)
            try await mine.grant(granter.offer, by: granter, patience: patience)
            try await asked
            #expect(asker.isMember)
        }
    }

    @Test("a code that was used, is over or was mistyped leads into an empty room, which is said within seconds")
    func nobody() async throws {
        try await Self.running { code in
            let stage = try await PairingStage(whole: .milliseconds(300))
            let error = try await Self.end {
                _ = try await PairingMeeting.enter(code, trustRoots: nil).greet(.entered, patience: stage.patience)
            }
            #expect(error.code == "pairing_nobody_there" && error.category == .notFound)
            let other = try PairingMeeting.code(at: ServerAddress(code.server))
            let alone = try await Self.end {
                _ = try await PairingMeeting.enter(other, trustRoots: nil).greet(.shown, patience: stage.patience)
            }
            #expect(alone.code == "pairing_nobody_came" && alone.category == .unreachable)
        }
    }

    @Test("who took the room without the code is told apart at the first message, by either side")
    func squatter() async throws {
        try await Self.running { code in
            let stage = try await PairingStage()
            for part in [Pairing.Part.shown, .entered] {
                let code = try PairingMeeting.code(at: ServerAddress(code.server))
                let meeting = try await PairingMeeting.enter(code, trustRoots: nil)
                async let failing = Self.end { _ = try await meeting.greet(part, patience: stage.patience) }
                let route = RelayCarrier.Route(
                    try ServerAddress(code.server), tls: nil, on: MultiThreadedEventLoopGroup.singleton.next())
                let squatter = try await RelayCarrier.meet(in: Hex.decode(PairingRoom(code).name), by: route)
                try await squatter.send(Random.bytes(48))
                #expect(try await failing.code == "pairing_wrong_code")
                squatter.close(reason: "done")
            }
        }
    }

    @Test("a server that ends in the middle is said within seconds, and nothing is left half done")
    func serverEnds() async throws {
        let server = try await TestServer.start(data: "/proc/none/kindred", relayOnly: true)
        let code = try PairingMeeting.code(at: ServerAddress(server.url))
        let stage = try await PairingStage()
        let patience = stage.patience
        let (asker, granter) = (try stage.asker(answer: Self.patient), stage.granter(answer: Self.patient))
        let shown = try await PairingMeeting.enter(code, trustRoots: nil)
        async let asked = Self.end {
            let peer = try await shown.greet(.shown, patience: patience)
            try await peer.ask(.device, asker.joining.request, by: asker, patience: patience)
        }
        let entered = try await PairingMeeting.enter(code, trustRoots: nil)
        async let granted = Self.end {
            let peer = try await entered.greet(.entered, patience: patience)
            try await peer.grant(granter.offer, by: granter, patience: patience)
        }
        _ = try await asker.numbers.wait { !$0.isEmpty }
        _ = try await granter.numbers.wait { !$0.isEmpty }
        try await server.stop()
        let errors = [try await asked, try await granted]
        #expect(errors.allSatisfy { $0.code == "pairing_cut" && $0.category == .unreachable && $0.retryable })
        let none = try await Self.end { _ = try await PairingMeeting.enter(code, trustRoots: nil) }
        #expect(none.code == "relay_unreachable" && none.category == .unreachable)
    }

    @Test("a server without rooms is said to be too old")
    func tooOld() async throws {
        try await FakeBroker.run(.silent) { broker in
            let code = try PairingMeeting.code(at: ServerAddress(broker.url))
            let error = try await Self.end { _ = try await PairingMeeting.enter(code, trustRoots: nil) }
            #expect(error.code == "relay_too_old" && error.category == .refused)
        }
    }

    @Test("no error of pairing says more than one line, whatever a relay says")
    func words() throws {
        for cause in LinkEnd.Cause.allCases {
            let error = KinError(pairing: LinkEnd(cause, said: "yes\nkin: approved"))
            #expect(!error.message.contains("\n") && !error.message.hasSuffix("."))
        }
    }
}
