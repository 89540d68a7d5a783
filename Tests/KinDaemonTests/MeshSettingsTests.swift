import Foundation
import KinDaemon
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import Testing

@Suite struct MeshSettingsTests {
    /// Waits until a daemon and its server agree on that.
    private func agrees(_ daemon: TestDaemon, _ policy: ConcurrentPolicy) async throws {
        try await eventually("\(daemon.version.name) and its server agree on \(policy)") {
            let shown = try await daemon.client.meshSettings()
            return shown.server == .agrees && shown.concurrentPolicy == policy
        }
    }

    private func refused(_ daemon: TestDaemon, _ policy: ConcurrentPolicy) async -> KinError? {
        await #expect(throws: KinError.self) { _ = try await daemon.client.set(policy) }
    }

    /// A second daemon of one device: its home is a copy.
    private func copy(of original: TestDaemon, in house: House) async throws -> TestDaemon {
        let home = house.folder + "/copy/daemon/home"
        try FileManager.default.createDirectory(
            atPath: home, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for file in ["wallet.json", "device.json", "daemon/home/keypair.json", "daemon/home/chain.json"] {
            try FileManager.default.copyItem(
                atPath: original.state.path(file), toPath: house.folder + "/copy/" + file)
        }
        return try await house.start(original.version.name.description, home: "copy")
    }

    // MARK: Setting

    @Test("an owner sets it, every device shows it with the name of who did, and it outlives every restart")
    func sets() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let first = try await daemons[1].client.meshSettings()
            #expect(first == MeshSettingsInfo(concurrentPolicy: .preferNewest, set: nil, server: .agrees))
            let set = try await daemons[0].client.set(.preferOldest)
            #expect(set.concurrentPolicy == .preferOldest && set.server == .agrees)
            #expect(set.set?.seq == 1 && set.set?.name == "laptop")
            try await agrees(daemons[1], .preferOldest)
            #expect(try await daemons[1].client.meshSettings() == set)
            _ = try await daemons[1].client.set(.preferOldest)
            #expect(try await daemons[1].client.meshSettings() == set, "what holds is not signed again")
            for daemon in daemons { try await daemon.stop() }
            try await house.server.stop()
            try await house.server.start()
            try await agrees(try await house.start("studio"), .preferOldest)
        }
    }

    @Test("a device that is no owner is refused, and says where it can be done")
    func notAnOwner() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            let state = StateFolder(root: "\(house.folder)/kiosk")
            let joining = Joining(state: state, now: realNow())
            let approving = try Approving(Installation(laptop.state), now: realNow())
            let request = try approving.read(joining.request(name: DeviceName("kiosk")).text)
            try joining.accept(
                joining.open(approving.approve(request, role: .member, lifetime: nil, servers: []).text))
            let kiosk = try await house.start(
                DaemonOptions(
                    state: state, name: DeviceName("kiosk"), servers: [house.server.url], executable: "/nonexistent"))
            let error = await refused(kiosk, .allowConcurrent)
            #expect(error?.code == "not_an_owner" && error?.category == .refused)
            _ = try await laptop.client.set(.preferOldest)
            try await agrees(kiosk, .preferOldest)
        }
    }

    @Test("with no server it is kept and said, and the server has it as soon as there is one")
    func notConnected() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            try await laptop.isConnected()
            try await house.server.stop()
            try await eventually("it is away") { try await laptop.client.health().status == "degraded" }
            let error = await refused(laptop, .preferOldest)
            #expect(error?.code == "not_connected" && error?.category == .unreachable && error?.retryable == true)
            #expect(error?.message.contains("goes out with the next connection") == true)
            let kept = try await laptop.client.meshSettings()
            #expect(kept.concurrentPolicy == .preferOldest && kept.server == .notConnected)
            try await house.server.start()
            try await agrees(laptop, .preferOldest)
            try await agrees(try await house.start("studio"), .preferOldest)
        }
    }

    @Test("an unknown policy is refused with those that are known")
    func unknown() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            let answer = try await laptop.call(.POST, "/v1/mesh/settings", #"{"concurrent_policy":"both"}"#)
            #expect(answer.status == 400 && answer.code == .string("invalid_request"))
            guard case .string(let message)? = answer["error", "message"] else { throw MissingValue("a message") }
            #expect(message.contains("prefer_newest, prefer_oldest, allow_concurrent"))
        }
    }

    // MARK: Servers that forget, withhold and lie

    @Test("a server that lost everything is told again, by whoever knows it")
    func forgetful() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let set = try await daemons[0].client.set(.preferOldest)
            try await agrees(daemons[1], .preferOldest)
            try await daemons[0].stop()
            try await house.server.stop()
            try await house.server.start(forgetful: true)
            try await agrees(daemons[1], .preferOldest)
            let later = try await house.start("kiosk")
            try await agrees(later, .preferOldest)
            #expect(try await later.client.meshSettings().set?.at == set.set?.at)
        }
    }

    @Test("a server whose older copy was put back is told again, by whoever knows it")
    func rolledBack() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            _ = try await daemons[0].client.set(.preferOldest)
            try await house.server.stop()
            try house.server.backUp()
            try await house.server.start()
            try await daemons[0].isConnected()
            _ = try await daemons[0].client.set(.allowConcurrent)
            try await agrees(daemons[1], .allowConcurrent)
            try await daemons[0].stop()
            try await house.server.stop()
            try house.server.putBack()
            try await house.server.start()
            try await agrees(daemons[1], .allowConcurrent)
            try await agrees(try await house.start("kiosk"), .allowConcurrent)
        }
    }

    /// One owner device behind a broker with such hands.
    private func behind(_ hands: @escaping HostileBroker.Hands, _ body: (TestDaemon) async throws -> Void)
        async throws
    {
        try await HostileBroker.run(hands) { broker, relay in
            try await House.run { house in
                let laptop = try await house.start("laptop", servers: [broker.url, relay.url])
                try await laptop.isConnected()
                try await body(laptop)
            }
        }
    }

    /// What came before on the connection was heard, and answered.
    private func saysSomethingElse(_ daemon: TestDaemon) async throws {
        try await daemon.sees([daemon.version.name.description])
        _ = try await daemon.send("to myself", to: daemon.version.name.description)
        _ = try await daemon.bodies(1)
    }

    @Test("a server that says nothing to it: after five seconds that is said, with what happens next")
    func timeout() async throws {
        try await behind({ frame, _ in frame.message.type == "settings" ? [] : [frame.bytes] }) { laptop in
            let error = await refused(laptop, .preferOldest)
            #expect(error?.code == "timeout" && error?.category == .unreachable && error?.retryable == true)
            let shown = try await laptop.client.meshSettings()
            #expect(shown.concurrentPolicy == .preferOldest && shown.server == .differs)
        }
    }

    @Test("a server that knows nothing of settings is named")
    func oldServer() async throws {
        let old: HostileBroker.Hands = { frame, direction in
            guard frame.message.type == "settings", direction == .toBroker else { return [frame.bytes] }
            // As an older server reads it.
            let header = #"{"type":"setting_of_later"}"#
            return [Frame.encode(header: Array(header.utf8), body: [])]
        }
        try await behind(old) { laptop in
            let error = await refused(laptop, .preferOldest)
            #expect(error?.code == "unknown_message_type" && error?.message.contains("update it") == true)
        }
    }

    @Test("what a server makes up is not believed; it is shown that it differs")
    func forged() async throws {
        let forged = Observed(0)
        let forges: HostileBroker.Hands = { frame, direction in
            guard direction == .toDaemon, case .settings(var proof) = frame.message else { return [frame.bytes] }
            proof.settings.concurrentPolicy = .allowConcurrent
            forged.update { $0 += 1 }
            return [MeshFrame.settings(proof).encoded()]
        }
        try await behind(forges) { laptop in
            let answer = Task { try await laptop.client.set(.preferOldest) }
            try await forged.wait { $0 == 1 }
            try await saysSomethingElse(laptop)
            let shown = try await laptop.client.meshSettings()
            #expect(shown.concurrentPolicy == .preferOldest && shown.server == .differs)
            try await laptop.stop()
            await #expect(throws: KinError.self) { _ = try await answer.value }
        }
    }

    @Test("a server that goes on telling old ones is reminded once a connection, and not argued with")
    func stubborn() async throws {
        let said = Observed([SettingsProof]())
        let old = Observed<SettingsProof?>(nil)
        let rollsBack: HostileBroker.Hands = { frame, direction in
            guard case .settings(let proof) = frame.message else { return [frame.bytes] }
            if direction == .toBroker { said.update { $0.append(proof) } }
            if old.value == nil { old.update { $0 = proof } }
            guard let old = old.value, direction == .toDaemon else { return [frame.bytes] }
            return [MeshFrame.settings(old).encoded()]
        }
        try await behind(rollsBack) { laptop in
            _ = try await laptop.client.set(.preferOldest)
            let answer = Task { try await laptop.client.set(.allowConcurrent) }
            try await said.wait { $0.count == 3 }
            try await saysSomethingElse(laptop)
            let shown = try await laptop.client.meshSettings()
            #expect(shown.concurrentPolicy == .allowConcurrent && shown.server == .differs)
            #expect(said.value.map(\.settings.seq) == [1, 2, 2], "set, set, and reminded")
            try await laptop.stop()
            await #expect(throws: KinError.self) { _ = try await answer.value }
        }
    }

    // MARK: Two daemons of one device

    @Test("prefer_oldest: the newer daemon of a copied home ends and says why, the older one stays")
    func preferOldest() async throws {
        try await House.run { house in
            let original = try await house.start("laptop")
            try await original.isConnected()
            _ = try await original.client.set(.preferOldest)
            let copy = try await copy(of: original, in: house)
            let error = try await copy.service.end().error as? KinError
            #expect(error?.code == "member_already_connected" && error?.category == .refused)
            #expect(try await original.client.health().status == "ok")
        }
    }

    @Test("prefer_oldest: a daemon that starts again is never in its own way")
    func startsAgain() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            try await laptop.isConnected()
            _ = try await laptop.client.set(.preferOldest)
            try await laptop.stop()
            for _ in 0..<5 {
                let again = try await house.start("laptop")
                try await agrees(again, .preferOldest)
                try await again.stop()
            }
        }
    }

    @Test("allow_concurrent: both daemons of a copied home stay, and both get every message")
    func allowConcurrent() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            _ = try await daemons[1].client.set(.allowConcurrent)
            let copy = try await copy(of: daemons[0], in: house)
            try await agrees(copy, .allowConcurrent)
            let answer = try await daemons[1].send("to both", to: "laptop")
            for daemon in [daemons[0], copy] { #expect(try await daemon.bodies(1) == ["to both"]) }
            try await daemons[1].waits(for: answer.clientMessageID, toBe: .delivered)
            for daemon in [daemons[0], copy] {
                _ = try await daemon.send("from \(daemon.state.root)", to: "studio")
            }
            #expect(try await daemons[1].bodies(2).count == 2)
            try await copy.stop()
            _ = try await daemons[1].send("to one", to: "laptop")
            #expect(try await daemons[0].bodies(2).last == "to one")
        }
    }

    @Test("a close on a socket that the daemon has replaced does not end it")
    func replacedSocket() async throws {
        try await HostileBroker.run({ frame, _ in [frame.bytes] }) { broker, relay in
            try await House.run { house in
                let laptop = try await house.start("laptop", servers: [broker.url, relay.url])
                try await laptop.isConnected()
                broker.loseDaemons()
                #expect(
                    try await broker.closures.wait { !$0.isEmpty } == [CloseCode.replacedByNewerConnection.rawValue])
                try await laptop.isConnected()
                try await laptop.sees(["laptop"])
                _ = try await laptop.send("to myself", to: "laptop")
                #expect(try await laptop.bodies(1) == ["to myself"])
            }
        }
    }
}
