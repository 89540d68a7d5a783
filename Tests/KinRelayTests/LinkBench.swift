import KinRelay
import KinTesting
import KinWire

/// A relay by reference, with short ways to use its links and rooms.
final class LinkBench {
    private var state: RelayState
    private var generator = SeededGenerator(seed: 7)

    init(_ change: (inout RelayLimits) -> Void = { _ in }) {
        var limits = RelayLimits()
        change(&limits)
        state = RelayState(limits: limits)
    }

    var figures: RelayFigures { state.figures }
    var limits: RelayLimits { state.limits }

    /// Registers a machine on a control connection.
    func register(_ family: Family, _ machine: Int, _ control: UInt64, at now: Int64 = 0) throws -> ConnectOutcome {
        state.connect(try family.request(machine), connection: control, from: "127.0.0.1", now: now)
    }

    /// Wants a link to a machine.
    func dial(
        _ family: Family, _ machine: Int, from connection: UInt64, address: String = "127.0.0.1", at now: Int64 = 0
    ) throws -> RelayState.Opening {
        let request = try LinkRequest(owner: family.route, machine: Family.machineID(machine), session: nil)
        return state.begin(request, connection: connection, from: address, session: session(), now: now)
    }

    func answer(_ session: LinkSession, from connection: UInt64, at now: Int64 = 0) -> RelayState.Opening {
        state.begin(
            .fromDevice(session), connection: connection, from: "127.0.0.1", session: self.session(), now: now)
    }

    func enter(
        _ room: Int, from connection: UInt64, address: String = "127.0.0.1", at now: Int64 = 0
    ) throws -> RelayState.Opening {
        state.enter(try Self.room(room), connection: connection, from: address, now: now)
    }

    func refusal(_ room: Int, address: String) throws -> Int? {
        state.refusal(of: try Self.room(room), from: address)?.status
    }

    var memoryRefusal: Int? { linkRefusal(from: "127.0.0.1") }

    func linkRefusal(from address: String) -> Int? { state.linkRefusal(from: address)?.status }

    func beginAnswer(_ bytes: Int, to address: String = "127.0.0.1") -> Bool {
        state.beginAnswer(bytes, to: address)
    }

    func endAnswer(_ bytes: Int, to address: String = "127.0.0.1") { state.endAnswer(bytes, to: address) }

    func end(_ connection: UInt64) -> UInt64? { state.end(connection) }

    func disconnect(_ control: UInt64, at now: Int64 = 0) -> (heldSlot: Bool, waiting: [UInt64]) {
        state.disconnect(control, now: now)
    }

    func abandon(_ control: UInt64) -> [UInt64] { state.abandon(control: control) }

    func sweep(at now: Int64) -> [UInt64: LinkClose] {
        Dictionary(state.sweep(now: now).map { ($0.connection, $0.why) }) { first, _ in first }
    }

    func session() -> LinkSession { LinkSession(using: &generator) }

    static func room(_ number: Int) throws -> RoomID {
        let digits = String(number, radix: 16)
        return try RoomID(String(repeating: "0", count: 64 - digits.count) + digits)
    }
}

extension RelayState.Opening {
    /// What the device is told.
    var session: LinkSession? {
        if case .attach(_, let session) = self { session } else { nil }
    }
}
