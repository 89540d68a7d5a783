public import KinCalls
public import KinCrypto
import KinIdentity
public import KinLink
public import KinWire
import Synchronization

/// One link, across the connections that carry it: what waits in its queue goes out, what comes is handed on.
public final class CarriedLink: Sendable {
    private struct State: ~Copyable {
        var link: Link?
        /// Counts the connections it had: what is left of an earlier one must not touch the link on its new one.
        var connection = 0
        /// Why it is to be ended, be it on its next connection.
        var ending: String?
        var isOver = false
        /// What the link failed by on this connection. Whoever found it out may not be who has to end it.
        var fault: LinkFault?
    }

    /// How the connection under a link came to its end.
    public enum Outcome: Sendable {
        /// It broke, and the link is still on it: `rest(of:)` takes it off.
        /// - Parameter bySilence: its connection stood, and brought nothing over.
        case broke(bySilence: Bool)
        /// It goes on over another one already.
        case displaced
        case over(CallFault, LinkEnding)
    }

    /// What is left of a link whose connection broke.
    public enum Rest: Sendable {
        /// For 30 s it may go on over another one.
        case cut(CutLink)
        /// It goes on over another one already.
        case displaced
        case over(CallFault, LinkEnding)
    }

    public typealias FrameTaker = @Sendable (_ frame: [UInt8]) throws(WireError) -> Void

    private let state: Mutex<State>
    /// Held from a message's opening until its frame is handed on, so that frames keep their order where a link changes its connection.
    private let handingOn = Mutex(())
    /// Frames that wait to be cut into messages.
    private let queue: FrameQueue
    private let taker: FrameTaker
    private let idle = IdleSender()
    private let patience: Duration
    /// Milliseconds.
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - patience: how long nothing of what was sent may be acknowledged before its connection is taken for cut.
    ///   - taker: of each frame that comes, in order. It does not wait; where it throws, the link ends.
    public init(
        _ link: consuming Link, sending queue: FrameQueue, patience: Duration = .seconds(30),
        now: @escaping @Sendable () -> Int64, taker: @escaping FrameTaker
    ) {
        state = Mutex(State(link: link))
        self.queue = queue
        self.now = now
        self.taker = taker
        self.patience = patience
        queue.carrySmallFrames { [weak self] in self?.sendAtOnce() ?? false }
    }

    private var changes: Wakeups { queue.changes }

    /// Which of its connections it is on. Who answers that it may be continued remembers it: it may be on another one by then.
    public var connection: Int { state.withLock { $0.connection } }

    /// Carries the link until its connection ends, or it does. Closes the carrier.
    /// - Parameter connection: what `go(on:)` returned; 0 for the first.
    public func run(over carrier: any LinkCarrier, on connection: Int = 0) async -> Outcome {
        let end = await withTaskGroup(of: Stop.self) { group in
            group.addTask { await self.receive(from: carrier, connection) }
            group.addTask { await self.send(over: carrier, connection) }
            group.addTask { await self.acknowledge(connection) }
            var stop = await group.next() ?? .carrier
            group.cancelAll()
            carrier.close(reason: stop.word)
            changes.wake()
            // What came before the connection's end may say that it is the link's.
            while case .carrier = stop, let other = await group.next() { stop = other }
            return stop
        }
        return Self.outcome(of: end)
    }

    /// Takes a link off the connection that broke. Until then it can be continued where it is: nobody who comes back finds it nowhere.
    public func rest(of connection: Int) -> Rest {
        state.withLock { state in
            guard state.connection == connection, let link = state.link.take() else { return .displaced }
            // Its last word may have come just before.
            return link.cut(at: now()).map { .cut($0) } ?? .over(.linkEnded("ended"), .byPeer)
        }
    }

    /// Goes on over a new connection of the same link.
    /// - Returns: its number, for `run`; nil where it is over by now.
    public func go(on link: consuming Link) -> Int? {
        var next: Link? = consume link
        let connection = state.withLock { state -> Int? in
            guard !state.isOver else { return nil }
            state.link = next.take()
            if let ending = state.ending { state.link?.end(reason: ending) }
            state.connection += 1
            state.fault = nil
            return state.connection
        }
        changes.wake()
        return connection
    }

    /// Takes the link off its connection, which ends by that.
    /// - Returns: nil where it is on none, or has ended: then that connection says so.
    public func cut() -> CutLink? {
        let rest = state.withLock { state -> CutLink? in
            guard let link = state.link.take() else { return nil }
            if link.hasEnded {
                state.link = consume link
                return nil
            }
            return link.cut(at: now())
        }
        changes.wake()
        return rest
    }

    /// How far it has come for who asks to continue it.
    public func receivedThrough(for caller: LinkResponder.Caller, own: X25519.PublicKey) -> Int64? {
        state.withLock { $0.link?.receivedThrough(for: caller, own: own) }
    }

    /// It is over for good.
    public func end(_ fault: CallFault) {
        state.withLock { state in
            state.link = nil
            state.isOver = true
        }
        queue.finish(fault)
    }

    /// Ends it in order: what was said is sent first.
    /// - Parameter reason: `[a-z0-9_]`.
    public func close(reason: String) {
        state.withLock { state in
            state.ending = reason
            state.link?.end(reason: reason)
        }
        changes.wake()
    }

    public var hasEnded: Bool { queue.end != nil }

    public func waitForEnd(until deadline: ContinuousClock.Instant) async {
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
        /// By the other side.
        case ended(reason: String)
        /// By this one, in order.
        case closed
        case displaced

        init(_ error: any Error) {
            self = (error as? LinkFault).map { .fault($0) } ?? .carrier
        }

        /// For the other side's log.
        var word: String {
            switch self {
            case .carrier: "lost"
            case .silent: "nothing_acknowledged"
            case .fault(let fault): fault.code
            case .ended, .closed: "ended"
            case .displaced: "continued_elsewhere"
            }
        }
    }

    private static func outcome(of stop: Stop) -> Outcome {
        switch stop {
        case .displaced: .displaced
        case .ended(let reason): .over(.linkEnded(reason), .byPeer)
        case .closed: .over(.linkClosed, .unused)
        case .fault(let fault) where !fault.isResumable: .over(CallFault(KinError(fault)), .fault(fault))
        case .silent: .broke(bySilence: true)
        case .carrier, .fault: .broke(bySilence: false)
        }
    }

    /// - Returns: nil where the link is not on that connection any more.
    private func onLink<T>(
        _ connection: Int, _ body: (inout Link) throws(LinkFault) -> T
    ) throws(LinkFault) -> T? {
        let result = state.withLock { state -> Result<T, LinkFault>? in
            guard state.connection == connection, var link = state.link.take() else { return nil }
            let result: Result<T, LinkFault>
            do throws(LinkFault) {
                if let fault = state.fault { throw fault }
                result = .success(try body(&link))
            } catch {
                state.fault = error
                result = .failure(error)
            }
            state.link = consume link
            return result
        }
        return try result?.get()
    }

    private func receive(from carrier: any LinkCarrier, _ connection: Int) async -> Stop {
        // Of a message that was taken where it came.
        let early = Mutex(Stop?.none)
        carrier.takeSmallFrames { [weak self] message in
            guard let self else { return .over }
            // What a large frame ends with is small, and what it brings is not.
            if (try? onLink(connection) { $0.isAssembling }) == true { return .declined }
            guard let stop = handOn(message, connection) else { return .taken }
            early.withLock { $0 = stop }
            return .over
        }
        while true {
            do {
                let message = try await carrier.receive()
                guard let stop = handOn(message, connection) else { continue }
                changes.wake()
                return stop
            } catch {
                return early.withLock { $0 } ?? Stop(error)
            }
        }
    }

    /// - Returns: why the connection ends with that message.
    private func handOn(_ message: [UInt8], _ connection: Int) -> Stop? {
        do {
            return try handingOn.withLock { _ throws(LinkFault) in try take(message, connection) }
        } catch {
            return Stop(error)
        }
    }

    private func take(_ message: [UInt8], _ connection: Int) throws(LinkFault) -> Stop? {
        let taken = try onLink(connection) { link throws(LinkFault) -> (event: Link.Event?, isDue: Bool) in
            let event = try link.receive(message)
            // Where it was no frame it may have been what the sending side waits for.
            return (event, event == nil || link.owesAnswer)
        }
        guard let taken else { return .displaced }
        if taken.isDue { changes.wake() }
        return try handle(taken.event)
    }

    private func handle(_ event: Link.Event?) throws(LinkFault) -> Stop? {
        switch event {
        case nil: return nil
        case .ended(let reason): return .ended(reason: reason)
        case .frame(let frame):
            do throws(WireError) { try taker(frame) } catch { throw .malformed }
            return nil
        }
    }

    private func send(over carrier: any LinkCarrier, _ connection: Int) async -> Stop {
        defer { idle.unpark(connection) }
        while !Task.isCancelled {
            idle.unpark(connection)
            let seen = changes.count
            do {
                while let message = try next(connection) ?? nil { try await carrier.send(message) }
                let end = try onLink(connection) { link throws(LinkFault) -> Stop? in
                    link.hasEnded ? link.peerReason.map { .ended(reason: $0) } ?? .closed : nil
                }
                guard let end else { return .displaced }
                if let end { return end }
            } catch {
                return Stop(error)
            }
            idle.park(carrier, connection)
            await changes.wait(after: seen)
        }
        return .carrier
    }

    /// What was just put into the queue, where nothing is before it.
    private func sendAtOnce() -> Bool {
        idle.send { connection in
            // Of an earlier connection: the task of the one that the link is on by now has to be woken.
            guard let message = try next(connection) else { throw LinkFault.lost }
            return message
        }
    }

    /// - Returns: nil where the link is not on that connection any more; nil in it while there is nothing to send.
    private func next(_ connection: Int) throws(LinkFault) -> [UInt8]?? {
        try onLink(connection) { link throws(LinkFault) in
            while link.isReady, let frame = queue.take() { try link.submit(frame) }
            return try link.next()
        }
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
                return Stop(error)
            }
            guard ContinuousClock.now - since <= patience else { return .silent }
            changes.wake()
        }
    }
}

extension CallFault {
    public static func linkEnded(_ reason: String) -> CallFault {
        CallFault(.unavailable, "the other device ended the link (\(reason)): try again")
    }

    fileprivate static let linkClosed = CallFault(.unavailable, "nobody used the link, and it was closed: try again")
}
