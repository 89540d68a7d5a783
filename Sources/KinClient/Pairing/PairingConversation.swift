public import KinIdentity
import KinLink
public import KinWire

/// The machine that would be certified, as a pairing needs it.
public protocol PairingAsker: Sendable {
    /// Shows the person number and offer, and asks. Cancelled when the other side ends it first.
    func confirm(_ offer: PairingOffer, _ number: SafetyNumber) async throws -> Bool
    /// Opens, checks and keeps what came.
    func keep(_ sealed: [UInt8], offered: PairingOffer) throws
}

/// The machine that certifies.
public protocol PairingGranter: Sendable {
    /// Shows the person number and request, and asks. Cancelled when the other side ends it first.
    func confirm(_ request: JoinRequest, _ number: SafetyNumber) async throws -> Bool
    /// - Returns: the approval, sealed to the request's key.
    func certify(_ request: JoinRequest) throws -> [UInt8]
}

extension PairedPeer {
    /// Asks to be certified, to the end.
    /// - Throws: why nothing came of it: then nothing was kept. What went wrong here the other side is told.
    public func ask(
        _ purpose: PairingPurpose, _ request: JoinRequest, by asker: some PairingAsker,
        patience: PairingPatience = .init()
    ) async throws {
        let number = safetyNumber
        var conversation = PairingConversation(self, .asking(purpose, request), patience) { message in
            guard case .offer(let offer) = message else { return false }
            return try await asker.confirm(offer, number)
        } settle: { step in
            guard case .keep(let sealed, let offered) = step else { return .done }
            try asker.keep(sealed, offered: offered)
            return .done
        }
        try await conversation.run()
    }

    /// Certifies, to the end.
    /// - Throws: why nothing came of it; `approval_unconfirmed` where the other side did not say that it has its certificate.
    public func grant(
        _ offer: PairingOffer, by granter: some PairingGranter, patience: PairingPatience = .init()
    ) async throws {
        let number = safetyNumber
        var conversation = PairingConversation(self, .granting(offer), patience) { message in
            guard case .ask(_, let request) = message else { return false }
            return try await granter.confirm(request, number)
        } settle: { step in
            guard case .certify(let request) = step else { return .confirmed }
            return .approval(sealed: try granter.certify(request))
        }
        try await conversation.run()
    }
}

/// Performs what a `PairingDialogue` says, with people and time in it.
struct PairingConversation {
    private enum Event: Sendable {
        case received(PairingMessage)
        case decided(Bool)
        /// A machine had time until now, since as many messages had come.
        case late(since: Int)
        case over
    }

    private let peer: PairedPeer
    private let patience: PairingPatience
    private let confirm: @Sendable (PairingMessage) async throws -> Bool
    /// Certifies or keeps.
    /// - Returns: what to say of it.
    private let settle: @Sendable (PairingDialogue.Step) async throws -> PairingMessage
    private var dialogue: PairingDialogue
    /// Messages that came.
    private var count = 0

    init(
        _ peer: PairedPeer, _ side: PairingDialogue.Side, _ patience: PairingPatience,
        confirm: @escaping @Sendable (PairingMessage) async throws -> Bool,
        settle: @escaping @Sendable (PairingDialogue.Step) async throws -> PairingMessage
    ) {
        self.peer = peer
        self.patience = patience
        self.confirm = confirm
        self.settle = settle
        dialogue = PairingDialogue(side)
    }

    mutating func run() async throws {
        do {
            try await converse()
        } catch {
            let known = error as? KinError ?? (error as? PairingFault).map { explained($0) }
            if dialogue.told == nil {
                await peer.part(saying: .refused(code: known?.code ?? "interrupted"), waiting: patience.parting)
            }
            peer.close()
            throw dialogue.isApprovalOut ? Self.unconfirmed(known) : known ?? error
        }
    }

    private mutating func converse() async throws {
        let (peer, patience) = (peer, patience)
        try await peer.send(dialogue.opening)
        try await withThrowingTaskGroup(of: Event.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                try await Task.sleep(for: patience.whole)
                return .over
            }
            group.addTask { .received(try await peer.receive()) }
            limit(&group)
            while let event = try await group.next() {
                switch event {
                case .received(let message):
                    count += 1
                    try await perform(dialogue.received(message), &group)
                    if !dialogue.isOver { group.addTask { .received(try await peer.receive()) } }
                case .decided(let yes):
                    guard yes else { throw PairingFault.numbersDiffer }
                    try await perform(dialogue.agreed(), &group)
                case .late(let since):
                    if since == count, dialogue.awaitsMachine { throw PairingFault.timedOut }
                case .over: throw PairingFault.timedOut
                }
                if dialogue.isOver { return }
            }
        }
    }

    private mutating func perform(
        _ step: PairingDialogue.Step?, _ group: inout ThrowingTaskGroup<Event, any Error>
    ) async throws {
        switch step {
        case .confirm(let message)?:
            let confirm = confirm
            group.addTask { .decided(try await confirm(message)) }
        case .send(let message)?: try await peer.send(message)
        case .certify?:
            guard let step else { return }
            let approval = try await settle(step)
            dialogue.certified()
            try await peer.send(approval)
            limit(&group)
        case .keep?:
            guard let step else { return }
            let word = try await settle(step)
            dialogue.kept()
            await peer.part(saying: word, waiting: patience.parting)
        case .finished?: peer.close()
        case nil: break
        }
    }

    /// From now on the other machine has to answer within its time.
    private func limit(_ group: inout ThrowingTaskGroup<Event, any Error>) {
        let (limit, since) = (patience.answer, count)
        group.addTask {
            try await Task.sleep(for: limit)
            return .late(since: since)
        }
    }

    private func explained(_ fault: PairingFault) -> KinError {
        var error = KinError(fault)
        guard fault == .refused, let told = dialogue.told else { return error }
        error.detail["reason"] = .string(told)
        error.message =
            told == PairingFault.numbersDiffer.rawValue
            ? "at the other side somebody said no: if the numbers were not the same, somebody stands between; show a new code elsewhere"
            : "the other side ended it (\(told)): nothing was done"
        return error
    }

    /// The two generals: the last word is never known to have been heard.
    private static func unconfirmed(_ error: KinError?) -> KinError {
        KinError(
            "approval_unconfirmed",
            "the certificate was sent, and the other machine did not say that it has it (\(error?.code ?? "cut")): where it says that it is a member, it is one. Else nobody has that certificate, and it is void: pair again",
            category: .unreachable, retryable: true)
    }
}
