import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@testable import KinLink

@Suite struct PairingDialogueTests {
    let request: JoinRequest
    let offer: PairingOffer

    init() throws {
        request = try JoinRequest(text: Vector.list("kindred/joining.json", "requests")[0].text("text"))
        offer = PairingOffer(purpose: .device, mesh: try TestFamily().mesh, role: .member, expiresAt: nil)
    }

    private var asking: PairingDialogue { PairingDialogue(.asking(.device, request)) }
    private var granting: PairingDialogue { PairingDialogue(.granting(offer)) }

    private static func fault(_ body: () throws -> Void) -> PairingFault? {
        do {
            try body()
            return nil
        } catch {
            return error as? PairingFault
        }
    }

    @Test("both say yes, whoever is first, and only then it is certified, kept and done", arguments: [false, true])
    func whole(grantsFirst: Bool) throws {
        var (mine, theirs) = (asking, granting)
        #expect(try mine.received(theirs.opening) == .confirm(.offer(offer)))
        #expect(try theirs.received(mine.opening) == .confirm(.ask(.device, request)))
        if grantsFirst { #expect(try theirs.agreed() == nil) }
        #expect(try mine.agreed() == .send(.confirmed))
        let heard = try theirs.received(.confirmed)
        #expect(heard == (grantsFirst ? .certify(request) : nil))
        if !grantsFirst { #expect(try theirs.agreed() == .certify(request)) }
        #expect(!theirs.isApprovalOut)
        theirs.certified()
        #expect(theirs.isApprovalOut && theirs.awaitsMachine)
        #expect(try mine.received(.approval(sealed: [1])) == .keep(sealed: [1], offered: offer))
        mine.kept()
        #expect(try theirs.received(.done) == .finished)
        #expect(mine.isOver && theirs.isOver)
    }

    /// Everything that can be said.
    private var everything: [PairingMessage] {
        [
            .ask(.device, request), .ask(.mesh, request), .offer(offer), .confirmed, .approval(sealed: [1]), .done,
            .refused(code: "no"),
        ]
    }

    @Test("what comes out of turn ends it, at every step, and nothing is certified or kept any more")
    func outOfTurn() throws {
        var confirming = asking
        _ = try confirming.received(.offer(offer))
        var awaiting = confirming
        _ = try awaiting.agreed()
        var deciding = granting
        _ = try deciding.received(.ask(.device, request))
        var decided = deciding
        _ = try decided.agreed()
        var heard = deciding
        _ = try heard.received(.confirmed)
        var working = decided
        _ = try working.received(.confirmed)
        var sent = working
        sent.certified()
        let steps: [(PairingDialogue, [PairingMessage])] = [
            (asking, [.offer(offer)]), (granting, [.ask(.device, request)]), (confirming, []),
            (awaiting, [.approval(sealed: [1])]), (deciding, [.confirmed]), (decided, [.confirmed]), (heard, []),
            (working, []), (sent, [.done]),
        ]
        for (index, (dialogue, expected)) in steps.enumerated() {
            for message in everything where !expected.contains(message) {
                var dialogue = dialogue
                let fault = Self.fault { _ = try dialogue.received(message) }
                switch message {
                case .refused: #expect(fault == .refused && dialogue.told == "no")
                case .ask, .offer: #expect(fault == (index < 2 ? .mismatch : .malformed), "\(index)")
                default: #expect(fault == .malformed, "\(index) \(message)")
                }
                // An approval that is out stays so, whatever is said then, but for a no.
                #expect(dialogue.isApprovalOut == (index == 8 && fault != .refused))
                #expect(dialogue.isOver == !dialogue.isApprovalOut)
                let rest = everything + [message]
                guard dialogue.isOver else { continue }
                for message in rest { #expect(Self.fault { _ = try dialogue.received(message) } != nil) }
                #expect(Self.fault { _ = try dialogue.agreed() } == .malformed)
            }
        }
    }

    @Test("a yes counts only where it was asked for")
    func yes() throws {
        var early = granting
        #expect(Self.fault { _ = try early.agreed() } == .malformed)
        var twice = granting
        _ = try twice.received(.ask(.device, request))
        _ = try twice.agreed()
        #expect(Self.fault { _ = try twice.agreed() } == .malformed)
    }

    @Test("two who pair for different things are told so")
    func purposes() {
        var beside = PairingDialogue(.asking(.mesh, request))
        #expect(Self.fault { _ = try beside.received(.offer(offer)) } == .mismatch)
        var granting = granting
        #expect(Self.fault { _ = try granting.received(.ask(.mesh, request)) } == .mismatch)
    }
}
