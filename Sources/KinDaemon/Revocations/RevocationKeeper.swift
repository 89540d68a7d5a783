import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire
import Logging
import Synchronization

/// Keeps this device's revocation log: on disk before anybody hears of an entry, and effective at once.
final class RevocationKeeper: Sendable {
    let ledger: RevocationLedger
    private let path: String
    private let installation: Installation
    private let family: Family
    private let events: EventHub
    private let counters: InboundCounters
    private let logger: Logger
    /// Milliseconds.
    private let now: @Sendable () -> Int64
    /// One writer of the file at a time.
    private let writing = Mutex(())
    /// Told whenever the log has grown.
    private let listeners = Mutex<[@Sendable () -> Void]>([])
    private let reported = Mutex<(forks: Set<RevocationLog.Place>, gaps: Set<RevocationLog.Place>)>(([], []))
    private let ownEnds: AsyncStream<KinError>
    private let ownEnd: AsyncStream<KinError>.Continuation

    init(
        _ installation: Installation, family: Family, events: EventHub, counters: InboundCounters, logger: Logger,
        now: @escaping @Sendable () -> Int64
    ) {
        ledger = installation.revocations
        path = installation.state.daemon() + "/revocations.json"
        self.installation = installation
        self.family = family
        self.events = events
        self.counters = counters
        self.logger = logger
        self.now = now
        (ownEnds, ownEnd) = AsyncStream.makeStream(of: KinError.self, bufferingPolicy: .bufferingOldest(1))
    }

    func onChange(_ listener: @escaping @Sendable () -> Void) { listeners.withLock { $0.append(listener) } }

    /// Takes entries in.
    /// - Returns: those that are new.
    func take(_ proofs: [RevocationProof]) -> [RevocationProof] {
        let taken = ledger.take(proofs, now: now())
        let new = taken.new
        counters.note(.revocationRefused, times: taken.faults.count)
        for fault in Set(taken.faults) {
            logger.warning("revocation_refused", metadata: ["fault": .string(fault.rawValue)])
        }
        guard !new.isEmpty else { return [] }
        save()
        for proof in new { announce(proof.entry) }
        family.dropRevoked()
        for listener in listeners.withLock({ $0 }) { listener() }
        report()
        if let entry = installation.revokedBy { end(by: entry) }
        return new
    }

    /// Waits until this device itself is revoked.
    /// - Throws: `device_revoked` then.
    func waitForOwn() async throws {
        for await end in ownEnds { throw end }
    }

    /// Whoever asked for it over the local API gets an answer first.
    private static let grace = Duration.milliseconds(300)

    private func end(by entry: Revocation) {
        let member = installation.chain.member
        Task { [ownEnd] in
            try? await Task.sleep(for: Self.grace)
            ownEnd.yield(Self.ended(by: entry, of: member))
        }
    }

    /// Why the daemon of a revoked device ends, and does not start again.
    static func ended(by entry: Revocation, of member: ULID) -> KinError {
        guard entry.target == member else {
            return KinError(
                "device_revoked",
                "the device that certified this one was revoked, and this one with it: start afresh in an empty KINDRED_HOME, with  kin device request  or  kin wallet import",
                category: .refused, detail: ["target": .string(entry.target.description)])
        }
        let author = if case .member(let member) = entry.author { "device \(member)" } else { "the wallet" }
        let reason = entry.reason.isEmpty ? "" : " (\(entry.reason))"
        return KinError(
            "device_revoked",
            "this device was revoked by \(author)\(reason): it no longer belongs to the family. To bring it back, start afresh in an empty KINDRED_HOME with  kin device request , or  kin wallet import  where the phrase may be",
            category: .refused, detail: ["target": .string(entry.target.description)])
    }

    private func save() {
        do {
            try writing.withLock { _ in try RevocationFile.write(ledger.current, to: path) }
        } catch {
            // It holds while this process lives, and the others tell it again.
            logger.error("revocations_unwritable", metadata: ["error": .string("\(error)")])
        }
    }

    private func announce(_ entry: Revocation) {
        let name = family.name(of: entry.target)
        logger.notice(
            "member_revoked",
            metadata: ["member": .string(entry.target.description), "author": .string(entry.author.description)])
        let data: [String: JSON] = ["member": .string(entry.target.description), "name": .string(name)]
        events.publish(DaemonEvent(kind: .memberRevoked, data: .object(data)))
    }

    /// What an honest log never shows, each once.
    private func report() {
        let log = ledger.current
        let (forks, gaps) = reported.withLock { reported in
            defer { reported = (Set(log.forks), Set(log.gaps)) }
            return (log.forks.filter { !reported.forks.contains($0) }, log.gaps.filter { !reported.gaps.contains($0) })
        }
        for place in forks {
            logger.warning(
                "revocation_fork",
                metadata: ["author": .string(place.author.description), "seq": .stringConvertible(place.seq)])
        }
        for place in gaps {
            logger.warning(
                "revocation_withheld",
                metadata: ["author": .string(place.author.description), "seq": .stringConvertible(place.seq)])
        }
    }
}
