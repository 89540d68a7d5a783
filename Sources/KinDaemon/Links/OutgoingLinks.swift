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
    private let logger: Logger
    private let state = Mutex(State())

    init(_ dialler: LinkDialler, answering responder: any CallResponder, logger: Logger) {
        self.dialler = dialler
        self.responder = responder
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
            if let entry = state.entries[target.machineID], entry.session?.hasEnded != true { return entry.opening }
            let opening = Task { try await self.open(target) }
            state.entries[target.machineID] = Entry(opening: opening)
            return opening
        }
    }

    private func open(_ target: VerifiedMember) async throws -> LinkSession {
        do {
            let dialled = try await dialler.dial(target)
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
            Task { await self.carry(session, over: carrier, to: target) }
            return session
        } catch {
            state.withLock { $0.entries[target.machineID] = nil }
            throw error
        }
    }

    // MARK: While it lives

    private func carry(_ session: LinkSession, over first: RelayCarrier, to target: VerifiedMember) async {
        var carrier = first
        var history = CutHistory(at: dialler.now())
        while true {
            switch await session.run(over: carrier) {
            case .displaced: return finish(session, .linkEnded("closed"))
            case .over(let fault): return finish(session, fault)
            case .cut(let rest):
                logger.info("link_cut", metadata: ["device": .string(target.machineID.description)])
                guard let delay = history.cut(rest, at: dialler.now()) else { return finish(session, .linkLost) }
                try? await Task.sleep(for: delay)
                do throws(CallFault) { carrier = try await resume(rest, of: session, to: target) } catch {
                    return finish(session, error)
                }
                history.resumed(at: dialler.now())
                logger.info("link_resumed", metadata: ["device": .string(target.machineID.description)])
            }
        }
    }

    /// Tries until the link can go on, or it is too late.
    private func resume(
        _ rest: CutLink, of session: LinkSession, to target: VerifiedMember
    ) async throws(CallFault) -> RelayCarrier {
        var backoff = Backoff(longest: .seconds(2))
        while !session.hasEnded, let resumption = rest.resumption(at: dialler.now()) {
            do {
                let dialled = try await dialler.dial(target, continuing: resumption)
                let carrier = dialled.carrier
                guard dialled.connection.isContinued else {
                    carrier.close(reason: "link_lost")
                    throw LinkFault.lost
                }
                session.go(on: try Link(continuing: rest, on: dialled.connection))
                return carrier
            } catch let fault as LinkFault where fault.isTold || fault == .lost {
                throw CallFault(KinError(fault))
            } catch {
                try? await Task.sleep(for: backoff.delay())
            }
        }
        throw .linkLost
    }

    private func finish(_ session: LinkSession, _ fault: CallFault) {
        session.end(fault)
        state.withLock { state in
            let machine = session.peer.machineID
            if state.entries[machine]?.session === session { state.entries[machine] = nil }
        }
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
                if let since, time - since >= Self.idle { unused.append(session) }
            }
            return (unused, former)
        }
        for session in unused { session.close(reason: "idle") }
        for session in former { finish(session, .notAMember) }
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
