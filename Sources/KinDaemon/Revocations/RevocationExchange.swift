import Dispatch
import KinClient
import KinCrypto
import KinEncoding
import KinIdentity
import KinWire
import Logging

/// Spreads the revocation log: with the broker by frames, with members by sealed messages, whenever their heads differ.
///
/// So a broker or relay that withholds an entry is outlived by the first message of a member that knows it.
final class RevocationExchange: @unchecked Sendable {  // what varies is only touched on `queue`
    /// Milliseconds until a member whose head has not changed is asked again.
    static let patience: Int64 = 60_000
    private static let maxAsked = 1024

    private struct Asked {
        var head: RevocationHead
        var at: Int64
    }

    private let queue = DispatchQueue(label: "revocations")
    private let keeper: RevocationKeeper
    private let control: ControlMessage
    /// Milliseconds.
    private let now: @Sendable () -> Int64
    private var link: MeshLink?
    private var asked: [ULID: Asked] = [:]

    init(keeper: RevocationKeeper, control: ControlMessage, now: @escaping @Sendable () -> Int64) {
        self.keeper = keeper
        self.control = control
        self.now = now
    }

    func connected(_ link: MeshLink) { queue.async { [self] in self.link = link } }

    func disconnected(_ link: MeshLink) {
        queue.async { [self] in
            guard self.link === link else { return }
            self.link = nil
            asked.removeAll()
        }
    }

    // MARK: With the broker

    /// The broker's log differs, and it has these entries.
    func brokerHas(_ get: RevocationsGet, _ link: MeshLink) {
        let log = keeper.ledger.current
        link.send(Revocations.carrying(log.missing(from: get.have)).map { MeshFrame.revocations($0).encoded() })
        if lacks(get.have) { link.send([MeshFrame.revocationsGet(have(log)).encoded()]) }
    }

    func brokerTold(_ revocations: Revocations) { _ = keeper.take(revocations.entries) }

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
            guard head != keeper.ledger.head, link != nil else { return }
            let time = now()
            if let last = asked[member.member], last.head == head, time - last.at < Self.patience { return }
            if asked.count >= Self.maxAsked { asked.removeAll() }
            asked[member.member] = Asked(head: head, at: time)
            send(RevocationsGet.contentType, have(keeper.ledger.current).canonicalBytes(), to: member)
        }
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
            if !new.isEmpty { tellBroker(new) }
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
        if lacks(get.have) { stated(RevocationHead(count: Int64(get.have.count), hash: []), by: member) }
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
