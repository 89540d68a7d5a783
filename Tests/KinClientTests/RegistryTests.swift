import AsyncHTTPClient
import KinClient
import KinIdentity
import KinTestServer
import KinTesting
import KinWebSocket
import KinWire
import NIOPosix
import Testing

/// Registration and reading, against a real server.
@Suite struct RegistryTests {
    private let house: Household
    private let me: Installation

    init() async throws {
        house = try Household()
        me = try await house.device(at: realNow())
    }

    private var reader: RegistryReader { RegistryReader(http: .shared, routes: [house.wallet.file.routeID]) }

    /// Registers `device` with a record under `name`.
    private func register(
        _ device: Installation, _ name: String, at server: TestServer, keys: DeviceKeys? = nil,
        ended: Observed<[String]> = Observed([])
    ) async throws -> RegistrationLink {
        let entry = try house.entry(device, name)
        return try await RegistrationLink.open(
            ServerAddress(server.url), under: house.wallet.file.routeID, machineID: device.machineID,
            keys: keys ?? device.keys,
            tls: nil, on: MultiThreadedEventLoopGroup.singleton.next(), blob: { entry.blob },
            onEnd: { reason in ended.update { $0.append(reason) } })
    }

    private func names(at server: TestServer) async throws -> [String] {
        var directory = Directory(installation: me)
        let address = try ServerAddress(server.url)
        _ = directory.merge(try await reader.entries(at: address), from: address, now: realNow())
        return directory.named().map(\.name)
    }

    @Test("what devices publish is read by their family, and by nobody under another route")
    func publishes() async throws {
        let studio = try await house.device(at: realNow())
        try await TestServer.run { server in
            #expect(try await names(at: server) == [])
            let links = [
                try await register(me, "laptop", at: server), try await register(studio, "studio", at: server),
            ]
            try await eventually("both are listed") { try await names(at: server) == ["laptop", "studio"] }
            let other = try TestWallet().file.routeID
            let elsewhere = RegistryReader(http: .shared, routes: [other])
            #expect(try await elsewhere.entries(at: ServerAddress(server.url)) == [])
            for link in links { link.close(reason: "done") }
        }
    }

    @Test("a later registration of the same device takes the place of the first, which hears of it")
    func replaces() async throws {
        try await TestServer.run { server in
            let (first, second) = (Observed([String]()), Observed([String]()))
            _ = try await register(me, "old", at: server, ended: first)
            try await eventually("the first is listed") { try await names(at: server) == ["old"] }
            let link = try await register(me, "new", at: server, ended: second)
            try await first.wait { $0 == ["replaced_by_newer_connection"] }
            try await eventually("the second is listed") { try await names(at: server) == ["new"] }
            #expect(second.value == [])
            link.close(reason: "done")
        }
    }

    @Test("a slot held by another device's secret is refused, with the server's answer")
    func held() async throws {
        try await TestServer.run { server in
            let link = try await register(me, "laptop", at: server)
            try await eventually("it is listed") { try await names(at: server) == ["laptop"] }
            let error = await #expect(throws: MeshEnd.self) {
                _ = try await register(me, "thief", at: server, keys: .generate())
            }
            guard case .refused("registration_refused", let message)? = error else {
                Issue.record("a held slot is refused, not \(String(describing: error))")
                return
            }
            #expect(message.contains("401"))
            #expect(try await names(at: server) == ["laptop"])
            link.close(reason: "done")
        }
    }

    @Test(
        "a relay that takes nobody more is told from one that does not take this device, whatever it says",
        arguments: [
            (503, "relay_full", "relay_full"), (429, "too_many_machines", "too_many_machines"),
            (429, "rate_limited", "rate_limited"), (401, "slot_held", "registration_refused"),
            (400, "invalid_registration", "registration_refused"), (403, "device_revoked", "registration_refused"),
        ])
    func refusals(status: Int, said: String, code: String) async throws {
        let body = #"{"error":{"code":"\#(said)","message":"no more"}}"#
        try await FakeBroker.run(.turnsAway(status, body: body)) { relay in
            let error = await #expect(throws: MeshEnd.self) {
                _ = try await RegistrationLink.open(
                    ServerAddress(relay.url), under: house.wallet.file.routeID, machineID: me.machineID, keys: me.keys,
                    tls: nil, on: MultiThreadedEventLoopGroup.singleton.next(), blob: { [] }, onEnd: { _ in })
            }
            #expect(error?.code == code && error?.reason.contains("\(status)") == true)
            #expect(error?.reason.contains("no more") == true)
        }
    }

    @Test("a record that cannot be sealed ends the registration")
    func unsealable() async throws {
        try await TestServer.run { server in
            let ended = Observed([String]())
            _ = try await RegistrationLink.open(
                ServerAddress(server.url), under: house.wallet.file.routeID, machineID: me.machineID, keys: me.keys,
                tls: nil, on: MultiThreadedEventLoopGroup.singleton.next(), blob: { throw KinError("no", "no record") },
                onEnd: { reason in ended.update { $0.append(reason) } })
            try await ended.wait { $0 == ["record_not_sealed"] }
            #expect(try await names(at: server) == [])
        }
    }

    @Test("a server that goes down ends the registration with its reason")
    func serverStops() async throws {
        let ended = Observed([String]())
        try await TestServer.run { server in
            _ = try await register(me, "laptop", at: server, ended: ended)
            try await eventually("it is listed") { try await names(at: server) == ["laptop"] }
        }
        try await ended.wait { $0 == ["server_draining"] }
    }

    @Test("a relay that does not answer is said so, with its address")
    func unreachable() async throws {
        let url = try await TestServer.run { $0.url }
        let error = await #expect(throws: KinError.self) { _ = try await reader.entries(at: ServerAddress(url)) }
        #expect(error?.code == "relay_unreachable" && error?.category == .unreachable && error?.retryable == true)
        #expect(error?.message.contains(url) == true)
    }

    @Test("who has read a registry reads it again only when it changed, and from each server for itself")
    func versions() async throws {
        try await TestServer.run { server in
            let address = try ServerAddress(server.url)
            let link = try await register(me, "laptop", at: server)
            try await eventually("it is listed") { try await names(at: server) == ["laptop"] }
            guard case .entries(let entries, let version?) = try await reader.read(address) else {
                Issue.record("a kin server says which version it shows")
                return
            }
            #expect(entries.map(\.machineID) == [me.machineID])
            #expect(try await reader.read(address, since: version) == .unchanged)
            let studio = try await house.device(at: realNow())
            let other = try await register(studio, "studio", at: server)
            try await eventually("both are listed") { try await names(at: server) == ["laptop", "studio"] }
            guard case .entries(let both, let next?) = try await reader.read(address, since: version) else {
                Issue.record("what changed is read")
                return
            }
            #expect(both.count == 2 && next != version)
            #expect(try await reader.read(address, since: next) == .unchanged)
            try await TestServer.run { elsewhere in
                let empty = try await reader.read(ServerAddress(elsewhere.url), since: next)
                guard case .entries([], _) = empty else {
                    Issue.record("another server's version is none here: \(empty)")
                    return
                }
            }
            for link in [link, other] { link.close(reason: "done") }
        }
    }

    @Test("an answer that is no registry's is said so")
    func noRelay() async throws {
        try await FakeBroker.run(.silent) { broker in
            let error = await #expect(throws: KinError.self) {
                _ = try await reader.entries(at: ServerAddress(broker.url))
            }
            #expect(error?.code == "relay_answer")
            #expect(error?.message.contains("404") == true)
        }
    }

    @Test("without a daemon the family is read from relays and the cache, which is written")
    func deviceReader() async throws {
        let studio = try await house.device(at: realNow())
        let gone = try await TestServer.run { $0.url }
        try await TestServer.run { server in
            let link = try await register(studio, "studio", at: server)
            try await eventually("it is listed") { try await names(at: server) == ["studio"] }
            let reader = try DeviceReader(installation: me, servers: [server.url, gone], trustRoots: nil)
            let (directory, new, unreachable) = try await reader.directory()
            #expect(directory.named().map(\.name) == ["studio"])
            #expect(directory.device(studio.machineID)?.servers == [try ServerAddress(server.url)])
            #expect(new == [studio.machineID])
            #expect(unreachable.count == 1 && unreachable.first?.contains(gone) == true)
            link.close(reason: "done")
        }
        let (offline, news, _) = try await DeviceReader(installation: me, servers: [gone], trustRoots: nil).directory()
        #expect(offline.named().map(\.name) == ["studio"])
        #expect(offline.device(studio.machineID)?.isOnline == false && news == [])
    }

    @Test("trust roots that are no certificates are refused, naming the file")
    func trustRoots() throws {
        let folder = try TemporaryFolder()
        try StateFolder.write(Array("nothing".utf8), to: folder.file("none.pem"), mode: 0o644)
        for path in [folder.file("missing.pem"), folder.file("none.pem")] {
            let error = #expect(throws: KinError.self) { _ = try TrustRoots.tls(path) }
            #expect(error?.code == "trust_roots_invalid" && error?.message.contains(path) == true)
        }
    }
}
