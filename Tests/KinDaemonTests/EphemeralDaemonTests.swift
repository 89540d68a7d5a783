import Foundation
import KinCrypto
import KinDaemon
import KinDaemonAPI
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
            wallet: house.wallet.walletFile, signer: house.wallet, expiresAt: realNow() + 60_000, now: realNow())
    }

    @Test("by a credential it is seen by name, sends and receives; no file of it holds a key")
    func joins() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            let identity = try EphemeralIdentity(
                ticket: try await house.ticket().text, expiresAt: nil, now: realNow())
            let job = try await house.start(options(identity, in: house))
            try await laptop.sees(["job"])
            let id = try await job.send("built", to: laptop.version.member.description).clientMessageID
            #expect(try await laptop.bodies(1) == ["built"])
            try await job.waits(for: id, toBe: .delivered)
            _ = try await laptop.send("well done", to: "job")
            #expect(try await job.bodies(1) == ["well done"])
            #expect(try await job.client.health().ephemeral?.endsAt != nil)
            #expect(try await laptop.client.health().ephemeral == nil)
            let names = try FileManager.default.subpathsOfDirectory(atPath: job.state.root)
            for name in ["keypair.json", "chain.json", "wallet.json", "device.json"] {
                #expect(!names.contains { $0.hasSuffix(name) }, "\(name)")
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
