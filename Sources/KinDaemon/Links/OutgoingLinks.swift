import KinCalls
import KinClient
import KinIdentity
import KinLink
import KinWire
import Logging
import Synchronization

/// The links that this device opened to others: one to each, opened when it is needed, continued when it was cut, ended when nobody uses it.
final class OutgoingLinks: Sendable {
    private struct Entry {
        var opening: Task<LinkSession, any Error>
        var session: LinkSession?
        var idleSince: ContinuousClock.Instant?
    }

    private struct State {
        var entries: [MachineID: Entry] = [:]
        var isClosed = false
    }

    /// Without a call for so long, a link is ended.
    static let idle = Duration.seconds(60)

    private let dialler: LinkDialler
    private let responder: any CallResponder
    private let metrics: DaemonMetrics
    private let logger: Logger
    private let state = Mutex(State())

    init(_ dialler: LinkDialler, answering responder: any CallResponder, metrics: DaemonMetrics, logger: Logger) {
        self.dialler = dialler
        self.responder = responder
        self.metrics = metrics
        self.logger = logger
    }

    var count: Int { state.withLock { $0.entries.count } }

    /// Calls on a device.
    /// - Parameter name: what the user calls it.
    /// - Throws: `device_offline`, `relay_unreachable`, `member_revoked`, `clock_differs`, …: why it is not reached.
    func calls(on target: VerifiedMember, called name: String) async throws -> CallStream {
        do {
            return try await opening(target).value.calls
        } catch {
            throw KinError(reaching: name, error)
        }
    }

    private func opening(_ target: VerifiedMember) throws -> Task<LinkSession, any Error> {
        try state.withLock { state in
            guard !state.isClosed else { throw CancellationError() }
            if let entry = state.entries[target.machineID], entry.session?.link.hasEnded != true {
                return entry.opening
            }
            let opening = Task { try await self.open(target) }
            state.entries[target.machineID] = Entry(opening: opening)
            return opening
        }
    }

    private func open(_ target: VerifiedMember) async throws -> LinkSession {
        do {
            let dialled = try await dial(target)
            let carrier = dialled.carrier
            let session = LinkSession(try Link(dialled.connection), answering: responder, now: dialler.now)
            let isWanted = state.withLock { state in
                state.entries[target.machineID]?.session = session
                return !state.isClosed
            }
            guard isWanted else {
                carrier.close(reason: "leaving")
                throw CancellationError()
            }
            metrics.openedLinks["opened"].add()
            Task { await self.carry(session, over: carrier, to: target) }
            return session
        } catch {
            state.withLock { $0.entries[target.machineID] = nil }
            throw error
        }
    }

    private func dial(
        _ target: VerifiedMember, continuing resumption: LinkResumption? = nil
    ) async throws -> DialledLink {
        do { return try await dialler.dial(target, continuing: resumption) } catch {
            if !(error is CancellationError) { metrics.dialRefusals[DialRefusal.reason(error)].add() }
            throw error
        }
    }

    // MARK: While it lives

    /// Why a link is not continued: for its calls, and as it is counted.
    private struct Over: Error {
        var fault: CallFault
        var ending: LinkEnding

        static let closed = Over(fault: .linkEnded("closed"), ending: .unused)
    }

    private func carry(_ session: LinkSession, over first: RelayCarrier, to target: VerifiedMember) async {
        var (carrier, connection) = (first, 0)
        var history = CutHistory(at: dialler.now())
        while true {
            do throws(Over) {
                let end = await session.link.run(over: carrier, on: connection)
                let (rest, bySilence) = try Self.rest(of: session, connection, after: end)
                metrics.openedLinks["cut"].add()
                logger.info("link_cut", metadata: ["device": .string(target.machineID.description)])
                guard let delay = history.cut(rest, bySilence: bySilence, at: dialler.now()) else {
                    throw Over(fault: .linkLost, ending: .notContinued)
                }
                try? await Task.sleep(for: delay)
                (carrier, connection) = try await resume(rest, of: session, to: target)
                history.resumed(at: dialler.now())
                metrics.openedLinks["continued"].add()
                logger.info("link_resumed", metadata: ["device": .string(target.machineID.description)])
            } catch {
                return finish(session, error.fault, error.ending)
            }
        }
    }

    /// What can go on over another connection.
    private static func rest(
        of session: LinkSession, _ connection: Int, after end: CarriedLink.Outcome
    ) throws(Over) -> (CutLink, bySilence: Bool) {
        switch end {
        case .displaced: throw .closed
        case .over(let fault, let ending): throw Over(fault: fault, ending: ending)
        case .broke(let bySilence):
            switch session.link.rest(of: connection) {
            case .cut(let rest): return (rest, bySilence)
            case .displaced: throw .closed
            case .over(let fault, let ending): throw Over(fault: fault, ending: ending)
            }
        }
    }

    /// Tries until the link can go on, or it is too late.
    private func resume(
        _ rest: CutLink, of session: LinkSession, to target: VerifiedMember
    ) async throws(Over) -> (RelayCarrier, connection: Int) {
        var backoff = Backoff(longest: .seconds(2))
        while !session.link.hasEnded, let resumption = rest.resumption(at: dialler.now()) {
            do {
                let dialled = try await dial(target, continuing: resumption)
                let carrier = dialled.carrier
                guard dialled.connection.isContinued else {
                    carrier.close(reason: "link_lost")
                    throw LinkFault.lost
                }
                guard let number = session.link.go(on: try Link(continuing: rest, on: dialled.connection)) else {
                    carrier.close(reason: "leaving")
                    break
                }
                return (carrier, number)
            } catch let fault as LinkFault where fault.isFinal || fault == .lost {
                throw Over(fault: CallFault(KinError(fault)), ending: .fault(fault))
            } catch {
                try? await Task.sleep(for: backoff.delay())
            }
        }
        throw Over(fault: .linkLost, ending: .notContinued)
    }

    private func finish(_ session: LinkSession, _ fault: CallFault, _ ending: LinkEnding) {
        let isFirst = state.withLock { state in
            let machine = session.peer.machineID
            guard state.entries[machine]?.session === session else { return false }
            state.entries[machine] = nil
            return true
        }
        if isFirst { metrics.openedLinkEnds[ending.reason].add() }
        session.end(fault)
    }

    // MARK: Upkeep

    /// Ends the links that nobody uses, and those with devices that are members no more.
    func sweep(at time: ContinuousClock.Instant, isMember: (VerifiedMember) -> Bool) {
        let (unused, former) = state.withLock { state in
            var (unused, former): ([LinkSession], [LinkSession]) = ([], [])
            for (machine, entry) in state.entries {
                guard let session = entry.session else { continue }
                if !isMember(session.peer) { former.append(session) }
                let since = session.calls.isIdle ? entry.idleSince ?? time : nil
                state.entries[machine]?.idleSince = since
                guard let since, time - since >= Self.idle else { continue }
                unused.append(session)
                // Who asks from now on opens another.
                state.entries[machine] = nil
            }
            return (unused, former)
        }
        for session in unused {
            metrics.openedLinkEnds[LinkEnding.unused.reason].add()
            session.link.close(reason: "idle")
        }
        for session in former { finish(session, .notAMember, .notAMember) }
    }

    /// Opens no more.
    /// - Returns: those that were open.
    func close() -> [LinkSession] {
        state.withLock { state in
            state.isClosed = true
            defer { state.entries = [:] }
            return state.entries.values.compactMap(\.session)
        }
    }
}
