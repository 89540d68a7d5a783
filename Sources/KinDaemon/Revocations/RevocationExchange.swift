import Dispatch
import KinClient
import KinCrypto
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire
import Logging
import Synchronization

/// Spreads the revocation log: with the broker by frames, with members by sealed messages, whenever their heads differ.
///
/// So a broker or relay that withholds an entry is outlived by the first message of a member that knows it.
///
/// Unchecked: what varies is touched only on `queue`, which is serial; what is asked besides is atomic.
final class RevocationExchange: @unchecked Sendable {
    /// Milliseconds until a member whose head has not changed is asked again.
    static let patience: Int64 = 60_000
    private static let maxAsked = 1024
    /// How long a broker may take to tell what a member knows.
    private static let brokersTime = DispatchTimeInterval.seconds(2)

    private struct Asked {
        var head: RevocationHead
        var at: Int64
    }

    private let queue = DispatchQueue(label: "revocations")
    private let keeper: RevocationKeeper
    private let control: ControlMessage
    private let events: EventHub
    private let counters: InboundCounters
    private let logger: Logger
    /// Milliseconds.
    private let now: @Sendable () -> Int64
    private var link: MeshLink?
    private var asked: [ULID: Asked] = [:]
    /// Hashes of what members told and the broker has not told yet.
    private var untold: Set<[UInt8]> = []
    private let isWithheld = Atomic(false)

    init(
        keeper: RevocationKeeper, control: ControlMessage, events: EventHub, counters: InboundCounters, logger: Logger,
        now: @escaping @Sendable () -> Int64
    ) {
        self.keeper = keeper
        self.control = control
        self.events = events
        self.counters = counters
        self.logger = logger
        self.now = now
    }

    /// Whether the broker of this connection keeps back what members know.
    var brokerWithholds: Bool { isWithheld.load(ordering: .relaxed) }

    func connected(_ link: MeshLink) {
        queue.async { [self] in
            self.link = link
            isWithheld.store(false, ordering: .relaxed)
        }
    }

    func disconnected(_ link: MeshLink) {
        queue.async { [self] in
            guard self.link === link else { return }
            self.link = nil
            asked.removeAll()
            untold.removeAll()
        }
    }

    // MARK: With the broker

    /// The broker's log differs, and it has these entries.
    func brokerHas(_ get: RevocationsGet, _ link: MeshLink) {
        let log = keeper.ledger.current
        link.send(Revocations.carrying(log.missing(from: get.have)).map { MeshFrame.revocations($0).encoded() })
        if lacks(get.have) { link.send([MeshFrame.revocationsGet(have(log)).encoded()]) }
    }

    func brokerTold(_ revocations: Revocations) {
        _ = keeper.take(revocations.entries)
        queue.async { [self] in untold.subtract(revocations.entries.map(\.entry.hash)) }
    }

    /// Entries this device learned elsewhere or made itself.
    func tellBroker(_ proofs: [RevocationProof]) {
        queue.async { [self] in
            link?.send(Revocations.carrying(proofs).map { MeshFrame.revocations($0).encoded() })
        }
    }

    // MARK: With members

    /// `member` stated where its log stands.
    func stated(_ head: RevocationHead, by member: VerifiedMember) {
        guard head != keeper.ledger.head else { return }
        queue.async { [self] in
            // What the member only states accuses nobody: it may be made up.
            if head != keeper.ledger.head { _ = ask(member, head) }
        }
    }

    /// - Returns: whether it was asked now, and not just before.
    private func ask(_ member: VerifiedMember, _ head: RevocationHead) -> Bool {
        let time = now()
        guard link != nil else { return false }
        if let last = asked[member.member], last.head == head, time - last.at < Self.patience { return false }
        if asked.count >= Self.maxAsked { asked.removeAll() }
        asked[member.member] = Asked(head: head, at: time)
        send(RevocationsGet.contentType, have(keeper.ledger.current).canonicalBytes(), to: member)
        return true
    }

    /// `member` told entries that hold; the broker has its time to tell them too.
    private func learned(_ new: [RevocationProof], from member: ULID) {
        let hashes = Set(new.map(\.entry.hash))
        queue.async { [self] in
            guard let link else { return }
            untold.formUnion(hashes)
            link.send([MeshFrame.revocationsGet(have(keeper.ledger.current)).encoded()])
            queue.asyncAfter(deadline: .now() + Self.brokersTime) { [self] in
                guard self.link === link, !untold.isDisjoint(with: hashes) else { return }
                untold.subtract(hashes)
                withheld(by: member)
            }
        }
    }

    /// A broker does not tell what `member` knows.
    private func withheld(by member: ULID) {
        counters.note(.revocationsWithheld)
        isWithheld.store(true, ordering: .relaxed)
        logger.warning("revocations_withheld", metadata: ["known_by": .string(member.description)])
        let data: [String: JSON] = ["known_by": .string(member.description)]
        events.publish(DaemonEvent(kind: .revocationsWithheld, data: .object(data)))
    }

    /// Takes a member's request or entries in.
    /// - Returns: whether they were understood.
    func received(_ message: SealedMessage, from member: VerifiedMember) -> Bool {
        let body = Array(message.body.utf8)
        switch message.contentType {
        case RevocationsGet.contentType:
            guard let get = try? RevocationsGet(canonical: body) else { return false }
            answer(get, member)
        case Revocations.contentType:
            guard let revocations = try? Revocations(canonical: body) else { return false }
            let new = keeper.take(revocations.entries)
            if !new.isEmpty {
                tellBroker(new)
                learned(new, from: member.member)
            }
        default: return false
        }
        return true
    }

    private func answer(_ get: RevocationsGet, _ member: VerifiedMember) {
        queue.async { [self] in
            let log = keeper.ledger.current
            for part in Revocations.carrying(log.missing(from: get.have)) {
                send(Revocations.contentType, part.canonicalBytes(), to: member)
            }
        }
        guard lacks(get.have) else { return }
        queue.async { [self] in _ = ask(member, RevocationHead(count: Int64(get.have.count), hash: [])) }
    }

    /// A lost one is made good by the member's next message. Each on a line of its own, so that none waits for another.
    private func send(_ contentType: String, _ body: [UInt8], to member: VerifiedMember) {
        let made = control.make(contentType, body, to: member, line: Random.bytes(8), seq: 1, now: now())
        if let made { link?.send([made.send.frame(body: made.body)]) }
    }

    /// Whether the other side has an entry that this one has not; of a long log it may have named only a part.
    private func lacks(_ have: [[UInt8]]) -> Bool {
        let log = keeper.ledger.current
        return have.count >= RevocationsGet.maxHashes || have.contains { !log.has($0) }
    }

    private func have(_ log: RevocationLog) -> RevocationsGet {
        RevocationsGet(have: Array(log.hashes.prefix(RevocationsGet.maxHashes)))
    }
}
