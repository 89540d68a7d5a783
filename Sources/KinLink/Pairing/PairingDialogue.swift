import KinWire

/// What two machines that are paired say so that one certifies the other: pure, message by message (docs/protocol/joining.md, "Over a pairing room").
///
/// Nothing is certified before both persons have said yes, and nothing is kept that was not shown before. Whatever comes out of turn ends it.
public struct PairingDialogue: Sendable {
    public enum Side: Hashable, Sendable {
        /// The machine that would be certified.
        case asking(PairingPurpose, JoinRequest)
        /// The one that certifies.
        case granting(PairingOffer)

        var opening: PairingMessage {
            switch self {
            case .asking(let purpose, let request): .ask(purpose, request)
            case .granting(let offer): .offer(offer)
            }
        }
    }

    /// What is to be done next.
    public enum Step: Hashable, Sendable {
        /// Show the safety number and what the other side says, and ask the person; `agreed` after a yes.
        case confirm(PairingMessage)
        case send(PairingMessage)
        /// Certify it, send the approval, then `certified`.
        case certify(JoinRequest)
        /// Open, check and keep the approval, send `done`, then `kept`.
        case keep(sealed: [UInt8], offered: PairingOffer)
        case finished
    }

    private enum State: Hashable, Sendable {
        case opening
        /// Until both have said yes; the machine that asks does not hear of the other's yes.
        case deciding(mine: Bool, theirs: Bool)
        /// Of a machine's own work, or for the other machine's: nobody is asked any more.
        case certifying, awaitingDone, awaitingApproval, keeping
        case over
    }

    private let side: Side
    private var state = State.opening
    private var asked: JoinRequest?
    private var offered: PairingOffer?
    /// Why the other side ended it, in its words: 1 to 64 of a-z 0-9 _.
    public private(set) var told: String?

    public init(_ side: Side) { self.side = side }

    /// The first message, which each side sends without waiting for the other's.
    public var opening: PairingMessage { side.opening }

    /// Whether the next message comes from the other machine alone, without anybody being asked.
    public var awaitsMachine: Bool { state == .opening || state == .awaitingDone }

    /// Whether an approval is on its way, and nobody knows whether it arrived.
    public var isApprovalOut: Bool { state == .awaitingDone }

    public var isOver: Bool { state == .over }

    /// - Throws: `refused` with what was `told`, `mismatch`, `malformed`.
    public mutating func received(_ message: PairingMessage) throws(PairingFault) -> Step? {
        if case .refused(let code) = message {
            told = code
            throw end(.refused)
        }
        switch (state, side, message) {
        case (.opening, .granting(let offer), .ask(let purpose, let request)) where offer.purpose == purpose:
            asked = request
        case (.opening, .asking(let purpose, _), .offer(let offer)) where offer.purpose == purpose:
            offered = offer
        case (.opening, _, .ask), (.opening, _, .offer): throw end(.mismatch)
        case (.deciding(let mine, false), .granting, .confirmed):
            state = .deciding(mine: mine, theirs: true)
            return certifyIfAgreed()
        case (.awaitingDone, _, .done):
            state = .over
            return .finished
        case (.awaitingApproval, _, .approval(let sealed)):
            guard let offered else { throw end(.malformed) }
            state = .keeping
            return .keep(sealed: sealed, offered: offered)
        default: throw end(.malformed)
        }
        state = .deciding(mine: false, theirs: false)
        return .confirm(message)
    }

    /// This side's person said yes.
    /// - Throws: `malformed` where nobody was to be asked.
    public mutating func agreed() throws(PairingFault) -> Step? {
        guard case .deciding(false, let theirs) = state else { throw end(.malformed) }
        if case .asking = side {
            state = .awaitingApproval
            return .send(.confirmed)
        }
        state = .deciding(mine: true, theirs: theirs)
        return certifyIfAgreed()
    }

    /// The approval is about to be sent.
    public mutating func certified() { if state == .certifying { state = .awaitingDone } }

    /// The approval is kept.
    public mutating func kept() { if state == .keeping { state = .over } }

    private mutating func certifyIfAgreed() -> Step? {
        guard state == .deciding(mine: true, theirs: true), let asked else { return nil }
        state = .certifying
        return .certify(asked)
    }

    private mutating func end(_ fault: PairingFault) -> PairingFault {
        // What is not known of an approval stays unknown, unless the other side says that it did not take it.
        if state != .awaitingDone || fault == .refused { state = .over }
        return fault
    }
}
