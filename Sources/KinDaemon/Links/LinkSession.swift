import KinCalls
import KinClient
import KinCrypto
import KinIdentity
import KinLink
import KinWire
import Synchronization

/// One link with another device and the calls on it, across the connections that carry it.
final class LinkSession: Sendable {
    private struct State: ~Copyable {
        var link: Link?
        /// Counts the connections it had: what is left of an earlier one must not touch the link on its new one.
        var connection = 0
    }

    /// How the connection under a link came to its end.
    enum Outcome: Sendable {
        /// It broke: for 30 s the link may go on over another one.
        case cut(CutLink)
        /// It goes on over another one already.
        case displaced
        case over(CallFault)
    }

    let id: LinkID
    let peer: VerifiedMember
    /// The calls on it, in both directions.
    let calls: CallStream
    private let state: Mutex<State>
    /// Frames that wait to be cut into messages.
    private let queue = FrameQueue()
    private let patience: Duration
    /// Milliseconds.
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - responder: answers what the other device calls on it.
    ///   - patience: how long nothing of what was sent may be acknowledged before its connection is taken for cut.
    init(
        _ link: consuming Link, answering responder: any CallResponder, patience: Duration = .seconds(30),
        now: @escaping @Sendable () -> Int64
    ) {
        let peer = link.peer
        let caller = Caller.device(
            member: peer.member, machineID: peer.machineID, role: peer.role, scopes: peer.chain.certificate.scopes)
        id = link.id
        self.peer = peer
        calls = CallStream(queue, with: caller, answering: responder, now: now)
        state = Mutex(State(link: link))
        self.patience = patience
        self.now = now
    }

    private var changes: Wakeups { queue.changes }

    /// Carries the link until its connection ends, or it does. Closes the carrier.
    func run(over carrier: any LinkCarrier) async -> Outcome {
        let connection = state.withLock { $0.connection }
        let end = await withTaskGroup(of: Stop.self) { group in
            group.addTask { await self.receive(from: carrier, connection) }
            group.addTask { await self.send(over: carrier, connection) }
            group.addTask { await self.acknowledge(connection) }
            let first = await group.next() ?? .carrier
            group.cancelAll()
            carrier.close(reason: first.word)
            changes.wake()
            return first
        }
        return outcome(of: end, connection)
    }

    /// Goes on over a new connection of the same link.
    func go(on link: consuming Link) {
        var next: Link? = consume link
        state.withLock { state in
            state.link = next.take()
            state.connection += 1
        }
        changes.wake()
    }

    /// Takes the link off its connection, which ends by that.
    func cut() -> CutLink? {
        let rest = state.withLock { state -> CutLink? in
            let link = state.link.take()
            return link?.cut(at: now())
        }
        changes.wake()
        return rest
    }

    /// How far it has come for who asks to continue it.
    func receivedThrough(for caller: LinkResponder.Caller, own: X25519.PublicKey) -> Int64? {
        state.withLock { $0.link?.receivedThrough(for: caller, own: own) }
    }

    /// It is over for good: calls on it fail.
    func end(_ fault: CallFault) {
        state.withLock { $0.link = nil }
        queue.finish(fault)
        calls.end(fault)
    }

    /// Ends it in order: what was said is sent first.
    /// - Parameter reason: `[a-z0-9_]`.
    func close(reason: String) {
        state.withLock { $0.link?.end(reason: reason) }
        changes.wake()
    }

    var hasEnded: Bool { queue.end != nil }

    func waitForEnd(until deadline: ContinuousClock.Instant) async {
        while ContinuousClock.now < deadline {
            let seen = changes.count
            if hasEnded { return }
            await changes.wait(after: seen, until: deadline)
        }
    }

    // MARK: The connection

    private enum Stop: Sendable {
        case carrier
        /// It stands, and brings nothing over.
        case silent
        case fault(LinkFault)
        case ended(reason: String)
        case displaced

        /// For the other side's log.
        var word: String {
            switch self {
            case .carrier: "lost"
            case .silent: "nothing_acknowledged"
            case .fault(let fault): fault.code
            case .ended: "ended"
            case .displaced: "continued_elsewhere"
            }
        }
    }

    private func outcome(of stop: Stop, _ connection: Int) -> Outcome {
        switch stop {
        case .displaced: return .displaced
        case .ended(let reason): return .over(.linkEnded(reason))
        case .fault(let fault) where !fault.isResumable: return .over(CallFault(KinError(fault)))
        case .carrier, .silent, .fault:
            let isCurrent = state.withLock { $0.connection == connection }
            return isCurrent ? cut().map { .cut($0) } ?? .displaced : .displaced
        }
    }

    /// - Returns: nil where the link is not on that connection any more.
    private func onLink<T>(
        _ connection: Int, _ body: (inout Link) throws(LinkFault) -> T
    ) throws(LinkFault) -> T? {
        let result = state.withLock { state -> Result<T, LinkFault>? in
            guard state.connection == connection, var link = state.link.take() else { return nil }
            let result: Result<T, LinkFault>
            do throws(LinkFault) { result = .success(try body(&link)) } catch { result = .failure(error) }
            state.link = consume link
            return result
        }
        return try result?.get()
    }

    private func receive(from carrier: any LinkCarrier, _ connection: Int) async -> Stop {
        while true {
            do {
                let message = try await carrier.receive()
                let event = try onLink(connection) { link throws(LinkFault) in try link.receive(message) }
                changes.wake()
                guard let event else { return .displaced }
                if let stop = try handle(event) { return stop }
            } catch let fault as LinkFault {
                return .fault(fault)
            } catch {
                return .carrier
            }
        }
    }

    private func handle(_ event: Link.Event?) throws(LinkFault) -> Stop? {
        switch event {
        case nil: return nil
        case .ended(let reason): return .ended(reason: reason)
        case .frame(let frame):
            do throws(WireError) { try calls.receive(frame) } catch { throw .malformed }
            return nil
        }
    }

    private func send(over carrier: any LinkCarrier, _ connection: Int) async -> Stop {
        while !Task.isCancelled {
            let seen = changes.count
            do {
                while let message = try next(connection) { try await carrier.send(message) }
                let hasEnded = try onLink(connection) { link throws(LinkFault) in link.hasEnded }
                guard let hasEnded else { return .displaced }
                if hasEnded { return .ended(reason: "closed") }
            } catch let fault as LinkFault {
                return .fault(fault)
            } catch {
                return .carrier
            }
            await changes.wait(after: seen)
        }
        return .carrier
    }

    private func next(_ connection: Int) throws(LinkFault) -> [UInt8]? {
        let message = try onLink(connection) { link throws(LinkFault) in
            while link.isReady, let frame = queue.take() { try link.submit(frame) }
            return try link.next()
        }
        return message ?? nil
    }

    /// Tells the other side what came where nothing else is said, so that it need not keep it; and sees that it does the same.
    private func acknowledge(_ connection: Int) async -> Stop {
        var (awaited, since) = (Int64?.none, ContinuousClock.now)
        while true {
            do {
                try await Task.sleep(for: min(.seconds(1), patience))
                let found = try onLink(connection) { link throws(LinkFault) -> Int64? in
                    link.acknowledge()
                    return link.awaitedFrom
                }
                guard let found else { return .displaced }
                if found == nil || found != awaited { (awaited, since) = (found, .now) }
            } catch {
                return .carrier
            }
            guard ContinuousClock.now - since <= patience else { return .silent }
            changes.wake()
        }
    }
}

extension CallFault {
    static func linkEnded(_ reason: String) -> CallFault {
        CallFault(.unavailable, "the other device ended the link (\(reason)): try again")
    }
}
