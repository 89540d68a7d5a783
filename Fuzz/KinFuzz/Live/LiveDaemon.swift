import Foundation
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
import Synchronization

/// Two real daemons of one family behind a broker in hostile hands. One gets whatever the target makes, and must go on.
final class LiveDaemon: Sendable {
    private let broker: HostileBroker
    private let daemon: RunningService<DaemonVersion>
    private let client: DaemonClient
    private let me: VerifiedMember
    private let peer: Installation
    private let results: Observed<[Int64: ClientAck.Result]>
    private let state = Mutex((number: Int64(1) << 40, mailStored: 0))

    static let shared = Result { try blocking("two daemons") { try await start() } }

    private init(
        _ broker: HostileBroker, _ daemon: RunningService<DaemonVersion>, _ state: StateFolder, peer: Installation,
        _ results: Observed<[Int64: ClientAck.Result]>
    ) throws {
        self.broker = broker
        self.daemon = daemon
        self.peer = peer
        self.results = results
        client = DaemonClient(socketPath: DaemonPaths.socket(in: state))
        me = try Self.verified(Installation(state))
    }

    private static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    private static func verified(_ installation: Installation) throws -> VerifiedMember {
        try ChainVerifier(mesh: installation.mesh).verify(installation.chain, now: now())
    }

    /// They run until the process ends.
    private static func start() async throws -> LiveDaemon {
        let results = Observed([Int64: ClientAck.Result]())
        let made = Observed(LiveDaemon?.none)
        let failed = Observed(String?.none)
        Task.detached {
            do {
                try await HostileBroker.run({ frame, direction in
                    if case .clientAck(let ack) = frame.message, direction == .toBroker {
                        results.update { all in for entry in ack.results { all[entry.brokerMessageID] = entry.result } }
                    }
                    return [frame.message.encoded(body: frame.body)]
                }) { broker, relay in
                    let live = try await connect(broker, relay, results)
                    made.update { $0 = live }
                    try await Task.sleep(for: .seconds(1 << 20))
                }
            } catch {
                failed.update { $0 = "\(error)" }
            }
        }
        try await eventually("the daemons run") { made.value != nil || failed.value != nil }
        return try made.value.orThrow("a daemon: \(failed.value ?? "")")
    }

    private static func connect(
        _ broker: HostileBroker, _ relay: TestServer, _ results: Observed<[Int64: ClientAck.Result]>
    ) async throws -> LiveDaemon {
        let wallet = try TestWallet()
        let root = "/tmp/kf-" + Hex.encode(Random.bytes(4))
        var daemons: [(service: RunningService<DaemonVersion>, state: StateFolder)] = []
        for name in ["one", "other"] {
            let state = StateFolder(root: "\(root)/\(name)")
            try await Enrolment(state: state, now: now()).enrol(wallet.file, signer: wallet)
            let options = DaemonOptions(
                state: state, name: DeviceName(name), servers: [broker.url, relay.url], executable: "/nonexistent")
            let service = try RunningService<DaemonVersion> { ready in
                try KinDaemon(options, logger: .silent) { version, _ in ready(version) }
            }
            _ = try await service.ready()
            daemons.append((service, state))
        }
        let live = try LiveDaemon(
            broker, daemons[0].service, daemons[0].state, peer: Installation(daemons[1].state), results)
        try await eventually("they see each other") {
            try await live.client.peers().devices.filter(\.online).count == 2
        }
        return live
    }

    // MARK: What it gets

    /// A frame from its broker.
    func receive(_ frame: [UInt8]) throws {
        broker.tell(me.member, [frame])
        try isServed()
    }

    /// What its peer sealed for it: signed where it is a message, addressed as it should be.
    /// - Returns: whether it is a message.
    func receive(sealed inner: [UInt8]) throws -> Bool {
        let number = nextNumber()
        var header = Push(
            brokerMessageID: number, clientMessageID: try ClientMessageID("f-\(number)").orThrow("an id"),
            sender: peer.chain.member, line: [1, 2, 3, 4, 5, 6, 7, 8], seq: 1, destination: .dm(me.member),
            priority: .low, sentAt: Self.now())
        var body: [UInt8]
        var (isMessage, isMail) = (false, false)
        if var message = try? SealedMessage(canonical: inner) {
            message.mesh = peer.mesh
            message.sender = peer.chain.member
            message.recipient = me.member.description
            message.clientMessageID = header.clientMessageID
            message.createdAt = Self.now()
            message.expiresAt = nil
            (header.line, header.seq, header.priority) = (message.line, message.seq, message.priority)
            body = try DirectSealer(chain: peer.chain, keys: peer.keys).seal(message, for: me)
            isMessage = true
            isMail = !message.isDaemonsOwn
        } else {
            let nonce = Random.bytes(24)
            let key = try Box.sharedKey(peer.keys.sealing, me.x25519.first.orThrow("a key"))
            body = nonce + Box.seal(inner, nonce: nonce, sharedKey: key)
        }
        let result = try result(of: header, body)
        if result == .stored, isMail { state.withLock { $0.mailStored += 1 } }
        try promise(result != .refused || !isMail, "sound mail is refused")
        // Seldom, for it costs: what is in the inbox is what was sound mail, and nothing else.
        if number % 128 == 0 { try checkStores() }
        return isMessage
    }

    // MARK: What must hold

    /// A push that cannot be opened is refused: so the whole way in goes on.
    private func isServed() throws {
        let number = nextNumber()
        let header = Push(
            brokerMessageID: number, clientMessageID: try ClientMessageID("s-\(number)").orThrow("an id"),
            sender: peer.chain.member, line: [1, 2, 3, 4, 5, 6, 7, 8], seq: 1, destination: .dm(me.member),
            priority: .low, sentAt: 1)
        let result = try result(of: header, [UInt8](repeating: 7, count: 64))
        try promise(result == .refused, "garbage is \(result)")
        if number % 128 == 0 { try checkStores() }
    }

    private func nextNumber() -> Int64 {
        state.withLock { state in
            state.number += 1
            return state.number
        }
    }

    private func result(of header: Push, _ body: [UInt8]) throws -> ClientAck.Result {
        let (results, number) = (results, header.brokerMessageID)
        broker.tell(me.member, [MeshFrame.push(header).encoded(body: body)])
        return try blocking("what became of a push") {
            let all = try await results.wait(within: .seconds(10)) { $0[number] != nil }
            results.update { $0 = [:] }
            return try all[number].orThrow("a result")
        }
    }

    private func checkStores() throws {
        let (client, stored) = (client, state.withLock { $0.mailStored })
        let health = try blocking("the daemon's health") { try await client.health() }
        try promise(health.broker.connected, "the daemon has lost its broker: \(health.broker.lastError ?? "")")
        try promise(health.inboxCount == stored, "\(health.inboxCount) in the inbox, and \(stored) were sound mail")
        try promise(
            health.outboxPending == 0 && health.outboxDead == 0 && health.outboxRefused == 0,
            "there is something in the outbox")
        let members = try blocking("the members") { try await client.members() }
        try promise(members.members.count == 2 && members.revoked.isEmpty, "the members are others")
        try promise(health.succession == nil, "a new wallet seems to take over")
    }
}
