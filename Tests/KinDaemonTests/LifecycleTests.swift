import Foundation
import KinDaemon
import KinDaemonAPI
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import Logging
import NIOCore
import NIOPosix
import Testing

@Suite struct LifecycleTests {
    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
    }

    @Test("a second daemon in one home is refused, naming the home and the process; the first is not disturbed")
    func secondDaemon() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            let error = await #expect(throws: KinError.self) { _ = try await house.start("laptop") }
            #expect(error?.code == "daemon_running" && error?.category == .conflict)
            #expect(error?.message.contains(laptop.state.root) == true)
            #expect(error?.message.contains("\(ProcessInfo.processInfo.processIdentifier)") == true)
            #expect(try await laptop.client.version().member == laptop.version.member)
            try await laptop.stop()
            let again = try await house.start("laptop")
            #expect(again.version.member == laptop.version.member)
        }
    }

    @Test("the socket is for the user alone, gone after a clean stop, and one left behind is replaced")
    func socket() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            let path = laptop.client.socketPath
            #expect(try mode(path) == 0o600)
            try await laptop.stop()
            #expect(!FileManager.default.fileExists(atPath: path))
            try Data("left behind".utf8).write(to: URL(fileURLWithPath: path))
            let again = try await house.start("laptop")
            #expect(try await again.client.version().name.description == "laptop")
        }
    }

    @Test("a home that is not enrolled says how to enrol")
    func noWallet() async throws {
        try await House.run { house in
            let options = DaemonOptions(state: StateFolder(root: house.folder + "/empty"), executable: "/nonexistent")
            let error = #expect(throws: KinError.self) { _ = try KinDaemon(options, logger: .silent) }
            #expect(error?.code == "no_wallet" && error?.message.contains("kin wallet import") == true)
        }
    }

    @Test("files and folders that others can reach are refused with the command that mends them")
    func looseModes() async throws {
        let loose = [
            ("", 0o777, "chmod 700"), ("daemon", 0o770, "chmod 700"), ("daemon/home", 0o722, "chmod 700"),
            ("wallet.json", 0o640, "chmod 600"), ("device.json", 0o604, "chmod 600"),
            ("daemon/home/keypair.json", 0o644, "chmod 600"), ("devices.json", 0o644, "chmod 600"),
        ]
        try await House.run { house in
            let laptop = try await house.start("laptop")
            try await laptop.sees(["laptop"])
            try await laptop.stop()
            for (file, mode, advice) in loose {
                let path = file.isEmpty ? laptop.state.root : laptop.state.path(file)
                let sound = try self.mode(path)
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
                let options = DaemonOptions(state: laptop.state, executable: "/nonexistent")
                let error = #expect(throws: KinError.self, "\(file)") { _ = try KinDaemon(options, logger: .silent) }
                #expect(error?.code == "loose_mode" && error?.category == .refused)
                #expect(error?.message.contains("\(advice) \(path)") == true)
                try FileManager.default.setAttributes([.posixPermissions: sound], ofItemAtPath: path)
            }
            _ = try await house.start("laptop")
        }
    }

    @Test("a home whose path is too long for a Unix socket says so")
    func longPath() async throws {
        try await House.run { house in
            let error = await #expect(throws: KinError.self) {
                _ = try await house.start("laptop", home: String(repeating: "x", count: 100))
            }
            #expect(error?.code == "socket_path_too_long" && error?.message.contains("KINDRED_HOME") == true)
        }
    }

    @Test("a copied home takes over: the older daemon ends and says why, the newer stays")
    func replaced() async throws {
        try await House.run { house in
            let original = try await house.start("laptop")
            try await original.isConnected()
            let home = house.folder + "/copy/daemon/home"
            try FileManager.default.createDirectory(
                atPath: home, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            for file in ["wallet.json", "device.json", "daemon/home/keypair.json", "daemon/home/chain.json"] {
                try FileManager.default.copyItem(
                    atPath: original.state.path(file), toPath: house.folder + "/copy/" + file)
            }
            let copy = try await house.start("laptop", home: "copy")
            let error = try await original.service.end().error as? KinError
            #expect(error?.code == "replaced_by_newer_connection" && error?.category == .refused)
            try await copy.isConnected()
            #expect(!FileManager.default.fileExists(atPath: original.client.socketPath))
        }
    }

    @Test("a broker that lacks a required feature ends the daemon, naming the feature")
    func missingFeature() async throws {
        try await House.run { house in
            let response = FeatureResponse(supported: [:], missingRequired: ["client_message_id_dedupe"])
            try await FakeBroker.run(.offers(response)) { broker in
                let laptop = try await house.start("laptop", servers: [broker.url])
                let error = try await laptop.service.end().error as? KinError
                #expect(error?.code == "feature_unavailable" && error?.category == .refused)
                #expect(error?.message.contains("client_message_id_dedupe") == true)
                #expect(try await broker.heard.wait { !$0.closures.isEmpty }.closures.first?.code == 4010)
            }
        }
    }

    @Test("garbage on the socket leaves the daemon alive")
    func garbage() async throws {
        let texts = [
            "", "\u{0}\u{1}\u{2}garbage\r\n\r\n", "GET", "GET /v1/health HTTP/1.1\r\n",
            "POST /v1/send HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
            "POST /v1/send HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
            "POST /v1/send HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", "GET / HTTP/9.9\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ]
        try await House.run { house in
            let laptop = try await house.start("laptop")
            let address = try SocketAddress(unixDomainSocketPath: laptop.client.socketPath)
            var generator = SeededGenerator(seed: 1)
            for text in texts {
                let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .connect(to: address).get()
                // The daemon may hang up in the middle.
                try? await channel.writeAndFlush(ByteBuffer(string: text))
                try? await channel.writeAndFlush(ByteBuffer(bytes: generator.bytes(100_000)))
                #expect(try await laptop.client.version().member == laptop.version.member)
                try? await channel.close()
            }
            #expect(try await laptop.client.version().member == laptop.version.member)
        }
    }

    @Test("the daemon ends within five seconds while a listener and its sessions are open, and both are told")
    func shutdown() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let (laptop, studio) = (daemons[0], daemons[1])
            try await laptop.isConnected()
            let listening = Observed(false)
            let events = try await laptop.client.events()
            let listener = Task {
                do { for try await _ in events {} } catch {}
                listening.update { $0 = true }
            }
            let began = ContinuousClock.now
            try await laptop.stop()
            #expect(ContinuousClock.now - began < .seconds(5))
            try await listening.wait { $0 }
            _ = listener
            try await eventually("the broker saw it leave") {
                try await studio.client.peers().devices.first { $0.name == "laptop" }?.online == false
            }
        }
    }

    @Test("whatever got a 202 while the daemon went down is there when it is back")
    func shutdownUnderLoad() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let laptop = daemons[0]
            let accepted = Observed([String]())
            let senders = (0..<8).map { sender in
                Task {
                    for number in 0..<10_000 {
                        guard let answer = try? await laptop.send("\(sender)/\(number)", to: "studio") else { return }
                        accepted.update { $0.append(answer.clientMessageID.description) }
                    }
                }
            }
            try await accepted.wait { $0.count > 100 }
            try await laptop.stop()
            for sender in senders { await sender.value }
            _ = try await house.start("laptop")
            let wanted = Set(accepted.value)
            try await eventually("every accepted message arrived") {
                Set(try await daemons[1].inbox().map(\.clientMessageID.description)).isSuperset(of: wanted)
            }
            let arrived = try await daemons[1].inbox().map(\.clientMessageID)
            #expect(Set(arrived).count == arrived.count)
        }
    }
}
