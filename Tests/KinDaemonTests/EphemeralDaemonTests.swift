import Foundation
import KinCrypto
import KinDaemon
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import Testing

/// Daemons whose keys are in memory alone.
@Suite struct EphemeralDaemonTests {
    private func options(_ identity: EphemeralIdentity, in house: House, servers: [String]? = nil) -> DaemonOptions {
        var options = DaemonOptions(
            state: StateFolder(root: "\(house.folder)/job"), name: DeviceName("job"),
            servers: servers ?? [house.server.url], executable: "/nonexistent")
        options.ephemeral = identity
        options.endsAt = realNow() + 60_000
        return options
    }

    private func owner(_ house: House) async throws -> EphemeralIdentity {
        try await EphemeralIdentity(
            wallet: house.wallet.walletFile, signer: house.wallet, lifetime: 60_000, now: realNow())
    }

    @Test("by a credential it is seen by name, sends and receives; no file of it holds a key")
    func joins() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            let identity = try EphemeralIdentity(
                ticket: try await house.ticket().text, lifetime: nil, now: realNow())
            let job = try await house.start(options(identity, in: house))
            try await laptop.sees(["job"])
            let id = try await job.send("built", to: laptop.version.member.description).clientMessageID
            #expect(try await laptop.bodies(1) == ["built"])
            try await job.waits(for: id, toBe: .delivered)
            _ = try await laptop.send("well done", to: "job")
            #expect(try await job.bodies(1) == ["well done"])
            #expect(try await job.client.health().ephemeral?.endsAt != nil)
            #expect(try await laptop.client.health().ephemeral == nil)
            let keys = try Installation(identity, in: StateFolder(root: house.folder + "/look")).keys
            let secrets = [keys.signing.seed, keys.sealing.secret, keys.issuing.seed, keys.fingerprintKey].map {
                $0.withBytes { Array($0) }
            }
            let names = try FileManager.default.subpathsOfDirectory(atPath: job.state.root)
            #expect(names.contains { $0.hasSuffix("outbox.db-wal") })
            for name in names {
                guard let content = FileManager.default.contents(atPath: "\(job.state.root)/\(name)") else { continue }
                for secret in secrets {
                    #expect(content.range(of: Data(secret)) == nil, "\(name)")
                    #expect(content.range(of: Data(Hex.encode(secret).utf8)) == nil, "\(name)")
                }
            }
            try await job.stop()
        }
    }

    @Test("by the phrase it reads names at once; what it accepted goes out before it ends")
    func drains() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            let job = try await house.start(options(owner(house), in: house))
            try await job.sees(["laptop"])
            for number in 0..<50 { _ = try await job.send("line \(number)", to: "laptop") }
            try await job.stop()
            #expect(try await laptop.bodies(50) == (0..<50).map { "line \($0)" })
        }
    }

    @Test("where the broker never took what it accepted, its end says so")
    func loses() async throws {
        try await House.run { house in
            _ = try await house.start("laptop")
            let job = try await house.start(options(owner(house), in: house))
            try await job.sees(["laptop"])
            try await house.server.stop()
            _ = try await job.send("one", to: "laptop")
            let error = await #expect(throws: KinError.self) { try await job.stop() }
            #expect(error?.code == "messages_lost" && error?.message.contains("1 message had not") == true)
        }
    }

    @Test("its end by its certificate says so, and what it sent before arrives at who was away until after that")
    func ends() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            let other = laptop.version.member.description
            let identity = try await EphemeralIdentity(
                wallet: house.wallet.walletFile, signer: house.wallet, lifetime: 1_000, now: realNow() - 8_000)
            let job = try await house.start(options(identity, in: house))
            try await laptop.sees(["job"])
            try await laptop.stop()
            let id = try await job.send("nobody was there", to: other).clientMessageID
            try await job.waits(for: id, toBe: .relayed)
            #expect((try await job.service.end().error as? KinError)?.code == "certificate_ended")
            let again = try await house.start("laptop")
            #expect(try await again.bodies(1) == ["nobody was there"])
            let health = try await again.client.health()
            #expect(health.inbound["chain_refused"] == nil && health.inbound["unknown_sender"] == nil)
            #expect(try await again.client.peers().devices.count == 1, "it is nobody's peer any more")
        }
    }

    @Test("it cannot move its family to another wallet: that would be written down")
    func moves() async throws {
        try await House.run { house in
            let job = try await house.start(options(owner(house), in: house))
            let other = try TestWallet()
            let error = await #expect(throws: KinError.self) {
                try await job.client.draftSuccession(to: other.address, with: [])
            }
            #expect(error?.code == "ephemeral_device")
            try await job.stop()
        }
    }
}
