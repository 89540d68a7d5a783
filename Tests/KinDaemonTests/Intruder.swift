import AsyncHTTPClient
import KinClient
import KinIdentity
import KinSession
import KinTesting
import KinWebSocket
import KinWire
import NIOPosix

/// A device of another wallet that knows this family's route id.
struct Intruder {
    private let device: TestDevice
    private let family: TestFamily
    private let routeID: String

    init(routeID: String) async throws {
        family = try TestFamily(now: realNow())
        device = try await family.device()
        self.routeID = routeID
    }

    /// Publishes a record of its own, sealed with its own wallet's keys, among those of the family.
    func register(_ name: String, at url: String) async throws -> RegistrationLink {
        let record = RegistryRecord(
            name: name, hostPub: device.keys.sealing.publicKey.bytes, signalURL: url, ts: realNow() / 1000,
            certified: .init(
                machineID: device.machineID, version: KinVersion.current, chain: device.chain, revocationHead: .empty,
                lan: nil, capabilities: [])
        ).signed(by: device.keys.signing)
        let blob = try RecordSealer(wallet: family.wallet.file, mesh: family.mesh).seal(
            record, machineID: device.machineID)
        return try await RegistrationLink.open(
            ServerAddress(url), under: routeID, machineID: device.machineID, keys: device.keys, tls: nil,
            on: MultiThreadedEventLoopGroup.singleton.next(), blob: { blob }, onEnd: { _ in })
    }

    /// How many records the relay shows under the route.
    func listed(at url: String) async throws -> Int {
        try await RegistryReader(http: .shared, routes: [routeID]).entries(at: ServerAddress(url)).count
    }
}
