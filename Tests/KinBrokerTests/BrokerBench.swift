import KinBroker
import KinBrokerSQLite
import KinEncoding
import KinIdentity
import KinMetrics
import KinTesting
import KinWire

/// A broker on a real store in a temporary folder, and a family of devices that connect to it.
final class BrokerBench: Sendable {
    static let origin = "https://kin.example"

    let clock = TestClock()
    let family: TestFamily
    let broker: Broker
    let store: any BrokerStore
    let path: String
    /// Members that connected while they were connected.
    let concurrent = Observed([ConcurrentConnection]())
    /// Sessions that were refused, by code.
    let refused = Observed([String]())
    let metrics = MetricRegistry()
    /// Keeps the folder of the store alive.
    private let home: any Sendable

    convenience init(
        policy: BrokerPolicy? = nil, verifier: any BrokerVerifier = TestVerifier(), ticking: Bool = false,
        family: TestFamily? = nil, wrapping wrap: (any BrokerStore) -> any BrokerStore = { $0 }
    ) throws {
        let folder = try TemporaryFolder()
        try self.init(
            family: family ?? TestFamily(), path: folder.file("broker.db"), home: folder, policy: policy,
            verifier: verifier,
            ticking: ticking, wrapping: wrap)
    }

    /// On a disk that may become full.
    convenience init(disk: SmallDisk) throws {
        try self.init(
            family: TestFamily(), path: disk.file("broker.db"), home: disk, policy: nil, verifier: TestVerifier(),
            ticking: false, wrapping: { $0 })
    }

    private init(
        family: TestFamily, path: String, home: any Sendable, policy: BrokerPolicy?, verifier: any BrokerVerifier,
        ticking: Bool, wrapping wrap: (any BrokerStore) -> any BrokerStore
    ) throws {
        self.family = family
        self.path = path
        self.home = home
        store = wrap(try SQLiteBrokerStore(path: path))
        let (clock, concurrent, refused) = (clock, concurrent, refused)
        broker = try Broker(
            store: store, verifier: verifier,
            policy: policy ?? BrokerPolicy(admission: .open, origins: ["http://localhost:1", Self.origin]),
            now: {
                if ticking { clock.advance(by: 1) }
                return clock.now
            }, metrics: BrokerMetrics(metrics), audit: { event in concurrent.update { $0.append(event) } },
            onRefusal: { code in refused.update { $0.append(code) } })
    }

    deinit { store.close() }

    /// The same files and family after the server was started again.
    func restarted() throws -> BrokerBench {
        store.close()
        return try BrokerBench(
            family: family, path: path, home: home, policy: nil, verifier: TestVerifier(), ticking: false,
            wrapping: { $0 })
    }

    /// A device of the family, not connected.
    func device() async throws -> TestDevice { try await family.device() }

    /// A socket that has got its challenge.
    func connect(_ device: TestDevice) async throws -> TestDaemon {
        let sink = RecordingSink()
        let daemon = try await TestDaemon(device: device, session: broker.open(sink), sink: sink)
        return daemon
    }

    /// A session that is ready and has read the list of members.
    func join(_ device: TestDevice) async throws -> TestDaemon {
        let daemon = try await connect(device)
        daemon.receive(daemon.hello(now: clock.now))
        daemon.receive(daemon.featureRequest())
        _ = try await daemon.readList()
        return daemon
    }

    func join() async throws -> TestDaemon { try await join(device()) }

    /// A socket that has said everything there is to say before `ready`.
    func knock(_ device: TestDevice) async throws -> TestDaemon {
        let daemon = try await connect(device)
        daemon.receive([daemon.hello(now: clock.now).encoded(), daemon.featureRequest().encoded()])
        return daemon
    }

    /// What an owner signs so that `policy` holds.
    func settings(
        _ policy: ConcurrentPolicy, by device: TestDevice, seq: Int64 = 1, at: Int64? = nil, mesh: MeshID? = nil
    ) -> SettingsProof {
        let settings = MeshSettings(
            mesh: mesh ?? family.mesh, seq: seq, concurrentPolicy: policy, member: device.member,
            at: at ?? clock.now)
        return SettingsProof(settings: settings.signed(by: device.keys.signing), owner: device.chain)
    }

    /// Lets `policy` hold, by the word of one who is connected.
    func set(_ policy: ConcurrentPolicy, by daemon: TestDaemon, seq: Int64 = 1) async throws {
        let proof = settings(policy, by: daemon.device, seq: seq)
        daemon.receive(.settings(proof))
        while try await daemon.settings() != proof {}
    }

    /// Keeps the store's writer busy until the latch is opened: what comes meanwhile is written together.
    func holdStore() throws -> Latch {
        let nobody = ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10))
        let send = Send(
            clientMessageID: try ClientMessageID("held").orThrow("id"),
            requestFingerprint: [UInt8](repeating: 1, count: 32), line: [UInt8](repeating: 1, count: 8), seq: 1,
            destination: .dm(nobody), priority: .next)
        let (entered, leave) = (Latch(), Latch())
        let mesh = try store.loadMeshes()[0].key
        store.accept([Submission(send: send, body: [1])], from: nobody, in: mesh, wary: false, now: 1) { _ in
            entered.open()
            leave.wait()
            return .expired
        } completion: { _ in
        }
        entered.wait()
        return leave
    }
}

/// The members a broker lists at the start of a session.
struct MemberList: Sendable {
    var ready: Ready
    var members: [Member] = []
    var version: Int64 = 0

    var online: Set<ULID> { Set(members.filter(\.online).map(\.chain.member)) }
    var all: Set<ULID> { Set(members.map(\.chain.member)) }
}
