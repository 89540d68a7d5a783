import KinClient
import KinTesting
import Synchronization

/// A fake pairing room, whose relay does to each frame what it is told.
final class CrookedRoom: Sendable {
    enum Party: Int, Sendable, CaseIterable {
        case first, second

        var other: Party { self == .first ? .second : .first }
    }

    enum Deed: Hashable, Sendable, CaseIterable {
        case pass, drop, change, twice, cut
        /// Passed on, and the room ends.
        case passAndCut
    }

    private struct State {
        /// What waits for whom.
        var waiting: [Party: [[UInt8]]] = [:]
        var sent: [Party: Int] = [:]
        var ends: [Party: LinkEnd] = [:]
    }

    private let state = Mutex(State())
    private let deed: @Sendable (Party, Int) -> Deed

    /// - Parameter deed: for the n-th frame of that party.
    init(_ deed: @escaping @Sendable (Party, Int) -> Deed = { _, _ in .pass }) { self.deed = deed }

    func carrier(_ party: Party) -> any LinkCarrier { Carrier(room: self, party: party) }

    private struct Carrier: LinkCarrier {
        let room: CrookedRoom
        let party: Party

        func send(_ frame: [UInt8]) async throws(LinkEnd) { try room.send(frame, by: party) }

        func receive(within limit: Duration?) async throws(LinkEnd) -> [UInt8] {
            let deadline = limit.map { ContinuousClock.now + $0 }
            while true {
                if let frame = try room.take(party) { return frame }
                if let deadline, ContinuousClock.now >= deadline { throw LinkEnd(.timedOut) }
                do { try await Task.sleep(for: .milliseconds(1)) } catch { throw LinkEnd(.cancelled) }
            }
        }

        func close(code: UInt16, reason: String) { room.end(party, .closed, other: .peerClosed) }
    }

    private func send(_ frame: [UInt8], by party: Party) throws(LinkEnd) {
        let end = state.withLock { state -> LinkEnd? in
            if let end = state.ends[party] { return end }
            let number = state.sent[party, default: 0]
            state.sent[party] = number + 1
            let other = party.other
            switch deed(party, number) {
            case .pass: state.waiting[other, default: []].append(frame)
            case .drop: break
            case .change: state.waiting[other, default: []].append(frame.dropLast() + [frame.last.map { $0 ^ 1 } ?? 0])
            case .twice: state.waiting[other, default: []] += [frame, frame]
            case .cut: Self.cut(&state)
            case .passAndCut:
                state.waiting[other, default: []].append(frame)
                Self.cut(&state)
            }
            return nil
        }
        if let end { throw end }
    }

    private static func cut(_ state: inout State) {
        for party in Party.allCases where state.ends[party] == nil { state.ends[party] = LinkEnd(.lost) }
    }

    private func take(_ party: Party) throws(LinkEnd) -> [UInt8]? {
        let (frame, end) = state.withLock { state -> ([UInt8]?, LinkEnd?) in
            // Who closed hears no more; what came before another's end is still heard.
            if let end = state.ends[party], end.cause == .closed { return (nil, end) }
            guard state.waiting[party]?.isEmpty == false else { return (nil, state.ends[party]) }
            return (state.waiting[party]?.removeFirst(), nil)
        }
        if let end { throw end }
        return frame
    }

    private func end(_ party: Party, _ own: LinkEnd.Cause, other: LinkEnd.Cause) {
        state.withLock { state in
            if state.ends[party] == nil { state.ends[party] = LinkEnd(own) }
            if state.ends[party.other] == nil { state.ends[party.other] = LinkEnd(other) }
        }
    }
}
