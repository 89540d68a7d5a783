import KinCalls
import KinCrypto
import KinDaemon
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinSession
import KinTestServer
import KinTesting
import KinWire
import Logging
import Testing

/// Devices of one family whose only relay is in somebody's hands.
final class RelaySiege: Sendable {
    let house: House
    let relay: HostileRelay
    let daemons: [TestDaemon]
    /// What each daemon logs.
    private let logs: [Observed<[String]>]

    var laptop: TestDaemon { daemons[0] }
    var studio: TestDaemon { daemons[1] }
    var kiosk: TestDaemon { daemons[2] }

    private init(_ house: House, _ relay: HostileRelay, _ daemons: [TestDaemon], _ logs: [Observed<[String]>]) {
        (self.house, self.relay, self.daemons, self.logs) = (house, relay, daemons, logs)
    }

    /// Daemons of those names, each seen by all, by a relay that is honest so far.
    static func lay(
        to names: [String] = ["laptop", "studio"], _ body: (RelaySiege) async throws -> Void
    ) async throws {
        try await HostileRelay.run { relay in
            try await House.run { house in
                var daemons: [TestDaemon] = []
                let logs = names.map { _ in Observed([String]()) }
                for (name, log) in zip(names, logs) {
                    let options = DaemonOptions(
                        state: try await house.home(name), name: DeviceName(name), servers: [relay.url],
                        executable: "/nonexistent", now: { realNow() + house.passed })
                    daemons.append(try await house.start(options, logger: .recording(into: log)))
                }
                for daemon in daemons { try await daemon.sees(names) }
                try await body(RelaySiege(house, relay, daemons, logs))
            }
        }
    }

    // MARK: Records

    func installation(_ daemon: TestDaemon) throws -> Installation { try Installation(daemon.state) }

    /// What the relay has of a daemon.
    func shown(_ daemon: TestDaemon) async throws -> RegistryEntry {
        let machine = try installation(daemon).machineID
        return try await relay.entries(of: house.wallet.walletFile.routeID).first { $0.machineID == machine }
            .orThrow("a record")
    }

    /// A record by that daemon's keys, but for what `change` does to it before it is signed.
    /// - Parameters:
    ///   - slot: whose place it is sealed for; the daemon's own unless said.
    ///   - wallet: whose keys seal it; the family's unless said.
    func record(
        of daemon: TestDaemon, ts: Int64 = realNow() / 1000, for slot: MachineID? = nil,
        sealedBy wallet: WalletFile? = nil,
        signedBy key: Ed25519.PrivateKey? = nil, _ change: (inout RegistryRecord) -> Void = { _ in }
    ) throws -> RegistryEntry {
        let me = try installation(daemon)
        var record = RegistryRecord(
            name: daemon.version.name.description, hostPub: me.keys.sealing.publicKey.bytes, signalURL: relay.url,
            ts: ts,
            certified: .init(
                machineID: me.machineID, version: KinVersion.current, chain: me.chain, revocationHead: .empty, lan: nil,
                capabilities: []))
        change(&record)
        let sealer = RecordSealer(wallet: wallet ?? house.wallet.walletFile, mesh: me.mesh)
        let machine = slot ?? me.machineID
        let blob = try sealer.seal(record.signed(by: key ?? me.keys.signing), machineID: machine)
        return RegistryEntry(machineID: machine, blob: blob)
    }

    /// From now on the registry shows this.
    func show(_ listing: HostileRelay.Listing) { relay.take { $0.list = { _ in listing } } }

    /// How many records a daemon did not believe for that reason.
    func dropped(_ fault: RecordFault, by daemon: TestDaemon) async throws -> Int {
        let figures = Figures(try await daemon.client.metrics())
        return Int(figures["kin_daemon_records_dropped_total{reason=\"\(fault.rawValue)\"}"] ?? -1)
    }

    // MARK: Links

    /// How often that happened with links that others wanted to a daemon.
    func links(_ event: String, to daemon: TestDaemon) async throws -> Int {
        let figures = Figures(try await daemon.client.metrics())
        return Int(figures["kin_daemon_links_total{event=\"\(event)\"}"] ?? -1)
    }

    /// Waits until a daemon has logged that it refused a link for that reason.
    func refusesLink(_ daemon: TestDaemon, because reason: String) async throws {
        let log = try zip(daemons, logs).first { $0.0.version.member == daemon.version.member }.orThrow("a log").1
        try await log.wait { $0.contains { $0.contains("link_refused") && $0.contains(reason) } }
    }

    /// Who answers when a daemon calls another by its name.
    func answerer(to caller: TestDaemon, calling name: String) async throws -> JSON? {
        let calls = try await caller.client.calls(now: { [house] in realNow() + house.passed })
        defer { calls.close() }
        let path = try OperationPath("/\(name)/device/info").orThrow("a path")
        guard case .object(let info) = try await calls.stream.call(path, within: .seconds(20)) else { return nil }
        return info["machine_id"]
    }

    /// Calls, and expects that it fails.
    func failure(of caller: TestDaemon, calling name: String) async throws -> CallFault {
        do {
            let answer = try await answerer(to: caller, calling: name)
            throw MissingValue("a failure; \(String(describing: answer)) answered")
        } catch let fault as CallFault {
            return fault
        }
    }

    /// The relay is honest again, and calls find who they are meant for.
    func isMended(_ caller: TestDaemon, calling called: TestDaemon) async throws {
        relay.take { _ in }
        _ = try await caller.client.devices()
        let machine = try installation(called).machineID.description
        #expect(try await answerer(to: caller, calling: called.version.name.description) == .string(machine))
    }
}

extension WalletFile {
    /// As a machine that never had the phrase keeps it.
    var withoutPhrase: WalletFile {
        WalletFile(address: address, routeID: routeID, boxPublic: boxPublic, recordKey: nil, boxSecret: nil)
    }
}
