import Foundation
import KinCrypto
import KinDaemon
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinTestServer
import KinTesting
import KinVault
import KinWire
import Logging
import Synchronization

/// A server and the daemons of one family, all in this process, all stopped when the test is over.
final class House: Sendable {
    let wallet: VaultWallet
    /// Short, for a Unix socket's path may be: `/tmp/k-XXXXXXXX`.
    let folder: String
    let server: HouseServer
    private let daemons = Mutex<[TestDaemon]>([])
    /// How far the clocks of its daemons are ahead of the real one, milliseconds.
    private let ahead = Mutex<Int64>(0)

    private init(tls: SelfSigned?) async throws {
        wallet = try VaultWallet(phrase: .generate())
        folder = "/tmp/k-" + Hex.encode(Random.bytes(4))
        try FileManager.default.createDirectory(
            atPath: folder + "/data", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        server = try await HouseServer(data: folder + "/data", tls: tls)
    }

    /// Gives `body` a house with a running server; stops everything after it.
    static func run<T: Sendable>(tls: SelfSigned? = nil, _ body: (House) async throws -> T) async throws -> T {
        let house = try await House(tls: tls)
        let outcome: Result<T, any Error>
        do { outcome = .success(try await body(house)) } catch { outcome = .failure(error) }
        for daemon in house.daemons.withLock({ $0 }) { _ = try? await daemon.service.stop() }
        try? await house.server.stop()
        try? FileManager.default.removeItem(atPath: house.folder)
        return try outcome.get()
    }

    /// A home of that name, enrolled the first time it is asked for.
    /// - Parameter age: how long ago that was, milliseconds.
    func home(_ name: String, age: Int64 = 0) async throws -> StateFolder {
        let state = StateFolder(root: "\(folder)/\(name)")
        // Once the wallet has changed there is nothing to enrol.
        if try WalletFile(reading: state.path("wallet.json")) != nil { return state }
        try await Enrolment(state: state, now: realNow() - age).enrol(wallet.walletFile, signer: wallet)
        return state
    }

    /// Starts the daemon of a home and waits until its API answers.
    /// - Parameters:
    ///   - home: the folder's name; the device's own name unless said.
    ///   - servers: the house's own unless said.
    func start(
        _ name: String, home: String? = nil, servers: [String]? = nil, trustRoots: String? = nil
    ) async throws -> TestDaemon {
        let state = try await self.home(home ?? name)
        return try await start(
            DaemonOptions(
                state: state, name: try DeviceName(name).orThrow("a name"), servers: servers ?? [server.url],
                trustRoots: trustRoots, executable: "/nonexistent", now: { realNow() + self.ahead.withLock { $0 } }))
    }

    /// Has so many milliseconds pass for its daemons.
    func letPass(_ milliseconds: Int64) { ahead.withLock { $0 += milliseconds } }

    /// How much of it has passed.
    var passed: Int64 { ahead.withLock { $0 } }

    func start(_ options: DaemonOptions, logger: Logger = .silent) async throws -> TestDaemon {
        let service = try RunningService<DaemonVersion> { ready in
            try KinDaemon(options, logger: logger) { version, _ in ready(version) }
        }
        let version = try await service.ready()
        let daemon = TestDaemon(
            service: service, client: DaemonClient(socketPath: DaemonPaths.socket(in: options.state)),
            state: options.state,
            version: version)
        daemons.withLock { $0.append(daemon) }
        return daemon
    }

    /// Starts daemons and waits until each sees all the others by name.
    func start(family names: String...) async throws -> [TestDaemon] {
        var started: [TestDaemon] = []
        for name in names { started.append(try await start(name)) }
        for daemon in started { try await daemon.sees(names) }
        return started
    }
}

extension House {
    /// Revokes by the wallet, as `kin device revoke` does for an owner.
    func revoke(_ name: String, by daemon: TestDaemon) async throws {
        let draft = try await daemon.client.revoke(RevokeRequest(device: name, reason: "lost"))
        guard !draft.revoked, draft.entry.author == .wallet else { throw MissingValue("the wallet's say in it") }
        let signed = try await wallet.sign(draft.entry)
        _ = try await daemon.client.submit(SignedRevocation(proof: RevocationProof(entry: signed)))
    }
}

/// One daemon of the house.
struct TestDaemon: Sendable {
    let service: RunningService<DaemonVersion>
    let client: DaemonClient
    let state: StateFolder
    let version: DaemonVersion

    /// Stops it as SIGTERM does.
    func stop() async throws {
        if let error = try await service.stop().error { throw error }
    }

    func sees(_ names: [String]) async throws {
        try await eventually("\(version.name) sees \(names)") {
            Set(try await client.devices().devices.filter(\.online).map(\.name)).isSuperset(of: names)
        }
    }

    /// By their records, there or not.
    func lists(_ names: [String]) async throws {
        try await eventually("\(version.name) lists \(names)") {
            Set(try await client.devices().devices.map(\.name)).isSuperset(of: names)
        }
    }

    func send(_ text: String, to name: String, id: String? = nil) async throws -> SendAnswer {
        try await client.send(
            SendRequest(
                to: name, message: text, clientMessageID: try id.map { try ClientMessageID($0).orThrow("an id") }))
    }

    /// Waits until a message it sent is in that state.
    @discardableResult
    func waits(for id: ClientMessageID, toBe state: MessageState) async throws -> MessageStatus {
        do {
            return try await eventually("\(id) is \(state)", within: .seconds(20)) {
                let status = try await client.message(id)
                return status.status == state ? status : nil
            }
        } catch let error as MissingValue {
            throw MissingValue("\(error); it is \(try await client.message(id).status), and \(state)")
        }
    }

    /// Everything in its inbox, oldest first.
    func inbox() async throws -> [InboxMessage] {
        var messages: [InboxMessage] = []
        var cursor: String?
        repeat {
            let page = try await client.inbox(InboxParameters(cursor: cursor))
            messages += page.messages
            cursor = page.cursor
        } while cursor != nil
        return messages
    }

    /// Waits until its inbox holds so many messages, and gives their bodies.
    func bodies(_ count: Int) async throws -> [String] {
        try await eventually("\(version.name) has \(count) messages") {
            let messages = try await inbox()
            return messages.count >= count ? messages.map(\.body) : nil
        }
    }

    func isConnected() async throws {
        try await eventually("\(version.name) is connected") { try await client.health().status == "ok" }
    }
}

/// The house's server, which can go down and come back on its port.
final class HouseServer: Sendable {
    let url: String
    private let port: Int
    private let data: String
    private let tls: SelfSigned?
    private let running: Mutex<TestServer?>

    fileprivate init(data: String, tls: SelfSigned?) async throws {
        let server = try await TestServer.start(data: data, tls: tls)
        self.data = data
        self.tls = tls
        url = server.url
        port = server.port
        running = Mutex(server)
    }

    func stop() async throws {
        let server = running.withLock { running in
            defer { running = nil }
            return running
        }
        try await server?.stop()
    }

    /// Copies its files while it is down.
    func backUp() throws { try FileManager.default.copyItem(atPath: data, toPath: data + ".old") }

    /// Puts the copy in the place of its files.
    func putBack() throws {
        try FileManager.default.removeItem(atPath: data)
        try FileManager.default.moveItem(atPath: data + ".old", toPath: data)
    }

    /// Comes back on the same port.
    /// - Parameter forgetful: on data that is empty again.
    func start(forgetful: Bool = false) async throws {
        if forgetful {
            for file in try FileManager.default.contentsOfDirectory(atPath: data) {
                try FileManager.default.removeItem(atPath: "\(data)/\(file)")
            }
        }
        let server = try await TestServer.start(data: data, port: port, tls: tls)
        running.withLock { $0 = server }
    }

    /// Has the proxy lead here, and knows its address.
    func lead(_ proxy: CuttingProxy) async throws {
        try await stop()
        let server = try await TestServer.start(data: data, port: port, tls: tls, origins: [proxy.url])
        running.withLock { $0 = server }
        proxy.lead(to: port)
    }
}

/// Milliseconds of the real clock, which daemons and servers go by.
func realNow() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
