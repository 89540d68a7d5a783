import Foundation
import KinDaemon
import KinDaemonAPI
import KinIdentity
import KinTestServer
import KinTesting
import KinVault
import KinWire
import Testing

/// A home on the machine it was made on, and on another.
@Suite struct HostTests {
    private let here = TestHost(etc: "0123456789abcdef0123456789abcdef", macs: ["eth0": 1])
    private let elsewhere = TestHost(etc: "0123456789abcdef0123456789abcdef", macs: ["eth0": 2])

    private func options(
        _ house: House, _ state: StateFolder, on host: TestHost, name: String = "laptop", servers: [String]? = nil
    ) throws -> DaemonOptions {
        DaemonOptions(
            state: state, name: try DeviceName(name).orThrow("a name"), servers: servers ?? [house.server.url],
            executable: "/nonexistent", host: host.reader)
    }

    private func copy(_ state: StateFolder, to path: String) throws -> StateFolder {
        try FileManager.default.copyItem(atPath: state.root, toPath: path)
        return StateFolder(root: path)
    }

    /// The lock goes with the last reference to the stopped service.
    private func stopped(_ state: StateFolder) async throws -> StoppedDaemon {
        try await eventually("the daemon's lock is free") { try? StoppedDaemon(state, reader: elsewhere.reader) }
    }

    @Test("a copy on another machine is refused before anything is opened or dialled")
    func refused() async throws {
        try await House.run { house in
            let laptop = try await house.start(options(house, house.home("laptop"), on: here))
            try await laptop.isConnected()
            #expect(try #require(try StateFolder.read(laptop.state.daemon() + "/host_fingerprint.json")).count > 64)
            try await laptop.stop()
            let copy = try copy(laptop.state, to: house.folder + "/copy")
            try FileManager.default.removeItem(atPath: copy.daemon() + "/outbox.db")
            try await FakeBroker.run(.silent) { broker in
                let error = #expect(throws: KinError.self) {
                    _ = try KinDaemon(options(house, copy, on: elsewhere, servers: [broker.url]), logger: .silent)
                }
                #expect(error?.code == "clone_suspected")
                #expect(broker.heard.value.connections == 0)
            }
            #expect(!FileManager.default.fileExists(atPath: copy.daemon() + "/outbox.db"))
            // The original is not disturbed.
            try await house.start(options(house, laptop.state, on: here)).isConnected()
        }
    }

    @Test("accepting the host lets a moved home start as the same device; not while a daemon runs")
    func accepted() async throws {
        try await House.run { house in
            let laptop = try await house.start(options(house, house.home("laptop"), on: here))
            let error = #expect(throws: KinError.self) {
                try StoppedDaemon(laptop.state, reader: elsewhere.reader).acceptHost()
            }
            #expect(error?.code == "daemon_running")
            try await laptop.stop()
            #expect(try await stopped(laptop.state).acceptHost())
            let moved = try await house.start(options(house, laptop.state, on: elsewhere))
            try await moved.isConnected()
            #expect(moved.version.member == laptop.version.member)
        }
    }

    @Test("with policy warn it starts and says so, with allow it starts", arguments: [ClonePolicy.warn, .allow])
    func policies(policy: ClonePolicy) async throws {
        try await House.run { house in
            let laptop = try await house.start(options(house, house.home("laptop"), on: here))
            try await laptop.stop()
            let kept = try StateFolder.read(laptop.state.configPath) ?? []
            let clone = Array("[clone]\npolicy = \"\(policy.rawValue)\"\n".utf8)
            try StateFolder.write(kept + clone, to: laptop.state.configPath, mode: 0o644)
            let knows = Observed(false)
            let options = try options(house, laptop.state, on: elsewhere)
            let service = try RunningService<DaemonVersion> { ready in
                let daemon = try KinDaemon(options, logger: .silent) { version, _ in ready(version) }
                knows.update { $0 = daemon.isOnAnotherHost }
                return daemon
            }
            #expect(try await service.ready().member == laptop.version.member)
            #expect(knows.value)
            try await service.stop()
        }
    }

    @Test("a reminted copy and its original live side by side; the copy sends nothing of the original's outbox")
    func reminted() async throws {
        try await House.run { house in
            let studio = try await house.start("studio")
            let laptop = try await house.start(options(house, house.home("laptop"), on: here))
            try await laptop.sees(["laptop", "studio"])
            try await house.server.stop()
            _ = try await laptop.send("once", to: "studio", id: "m-1")
            try await laptop.stop()
            let copy = try copy(laptop.state, to: house.folder + "/copy")
            let reminted = try await stopped(copy).remint(
                house.wallet.walletFile, signer: house.wallet, now: realNow())
            #expect(reminted.pending?.count == 1)
            #expect(reminted.pending?.first.map(\.id.description) == ["m-1"])
            #expect(reminted.pending?.first.map(\.recipient) == [studio.version.member.description])
            #expect(reminted.formerName?.description == "laptop")
            #expect(try DaemonSettings(reading: copy).name == nil)
            #expect(try DaemonSettings(reading: copy).servers == [house.server.url])

            try await house.server.start()
            let twin = try await house.start(options(house, copy, on: elsewhere, name: "twin"))
            #expect(twin.version.member == reminted.member)
            let again = try await house.start(options(house, laptop.state, on: here))
            try await twin.sees(["laptop", "studio", "twin"])
            try await again.isConnected()
            _ = try await twin.send("from the twin", to: "studio")
            #expect(try await Set(studio.bodies(2)) == ["once", "from the twin"])
            #expect(try await again.client.health().broker.lastError == nil)
        }
    }
}
