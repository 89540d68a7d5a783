import KinEncoding
import KinRelay
import KinWire

/// Short names for slots and secrets of one or several route ids.
struct Family {
    let route: String

    init(_ number: UInt8 = 1) { route = Base58.encode([UInt8](repeating: number, count: 32)) }

    func request(_ machine: Int, secret: UInt8 = 1) throws -> RegistrationRequest {
        try RegistrationRequest(
            owner: route, machine: Self.machineID(machine),
            proof: Hex.encode([UInt8](repeating: secret, count: 32)))
    }

    static func machineID(_ machine: Int) -> String {
        let digits = String(machine, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// A registry by reference, with short ways to use it.
final class TestRelay {
    private var registry: RelayRegistry

    init(_ limits: RelayLimits = RelayLimits()) { registry = RelayRegistry(limits: limits) }

    convenience init(_ change: (inout RelayLimits) -> Void) {
        var limits = RelayLimits()
        change(&limits)
        self.init(limits)
    }

    var liveRegistrations: Int { registry.liveRegistrations }
    var bytesHeld: Int { registry.bytesHeld }
    var bytesUnfinished: Int { registry.bytesUnfinished }

    func connect(
        _ request: RegistrationRequest, _ connection: UInt64, from address: String = "127.0.0.1", at now: Int64 = 0
    ) -> ConnectOutcome {
        registry.connect(request, connection: connection, from: address, now: now)
    }

    func hold(_ bytes: Int, of connection: UInt64) -> Bool { registry.hold(bytes, of: connection) }

    func publish(_ blob: [UInt8], from connection: UInt64, at now: Int64 = 0) -> PublishOutcome {
        registry.publish(blob, from: connection, now: now)
    }

    func publish(_ text: String, from connection: UInt64, at now: Int64 = 0) -> PublishOutcome {
        publish(Array(text.utf8), from: connection, at: now)
    }

    func disconnect(_ connection: UInt64, at now: Int64 = 0) { registry.disconnect(connection, now: now) }

    func sweep(at now: Int64) { registry.sweep(now: now) }

    func entries(_ route: String, at now: Int64) -> [RegistryEntry] { registry.entries(of: route, now: now) }

    /// What a family shows, as texts after the last digits of their machine_id.
    func shown(_ family: Family, at now: Int64 = 0) -> [String] {
        entries(family.route, at: now).map {
            "\($0.machineID.description.suffix(2)):\(String(decoding: $0.blob, as: UTF8.self))"
        }
    }
}

extension ConnectOutcome {
    static let fresh = ConnectOutcome.accepted(replaced: nil, isFlapping: false)

    static func replacing(_ connection: UInt64) -> ConnectOutcome {
        .accepted(replaced: connection, isFlapping: false)
    }

    var status: Int? {
        if case .refused(let status, _, _) = self { status } else { nil }
    }
}
