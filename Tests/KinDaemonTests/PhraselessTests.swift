import Foundation
import KinClient
import KinCrypto
import KinDaemon
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinLink
import KinSession
import KinTestServer
import KinTesting
import KinWire
import NIOPosix
import Testing

/// A machine that never had the phrase, and whoever has its disk.
@Suite(.serialized) struct PhraselessTests {
    @Test(
        "with everything that is on its disk no record of the family opens, its own neither; an owner's disk opens all")
    func reads() async throws {
        try await House.run { house in
            let owners = try await house.start(family: "laptop", "studio")
            let kiosk = try await house.start(joined("kiosk", by: owners[0], in: house))
            try await owners[0].sees(["laptop", "studio", "kiosk"])
            try await owners[1].sees(["laptop", "studio", "kiosk"])
            let entries = try await house.entries()
            #expect(entries.count == 3)
            let (booty, control) = (try Loot(of: kiosk.state), try Loot(of: owners[1].state))
            #expect(booty.keys.count > 1_000)
            #expect(booty.opens(entries) == [])
            // So the search finds keys where there are any.
            #expect(control.opens(entries) == Set(entries.map(\.machineID)))
            #expect(try await kiosk.client.devices().devices.map(\.thisDevice) == [])
        }
    }

    @Test("once revoked it is gone from every owner's list and from links, and what it kept opens nothing new")
    func revoked() async throws {
        try await House.run { house in
            let owners = try await house.start(family: "laptop", "studio")
            let kiosk = try await house.start(joined("kiosk", by: owners[0], in: house))
            for owner in owners { try await owner.sees(["laptop", "studio", "kiosk"]) }
            let calls = try await Studio(owners[0], node: "/kiosk")
            defer { calls.close() }
            let info = try await calls.open("echo ready; read x")
            let screen = try await calls.attach(info.id)
            try await screen.sees("ready")

            // By the device that let it in.
            #expect(try await owners[0].client.revoke(RevokeRequest(device: "kiosk")).revoked)
            #expect((try await kiosk.service.end().error as? KinError)?.code == "device_revoked")
            await #expect(throws: (any Error).self) { _ = try await screen.exit() }
            for owner in owners {
                try await eventually("\(owner.version.name) lists it no more") {
                    try await owner.client.devices().devices.map(\.name) == ["laptop", "studio"]
                }
                #expect(try await owner.client.peers().devices.map(\.name).sorted() == ["laptop", "studio"])
            }
            // Its keys and certificate are all there, and let it in nowhere.
            let me = try Installation(kiosk.state)
            let refused = try await #require(throws: LinkFault.self) {
                try await Self.dial(owners[1], as: me, at: house.server.url)
            }
            #expect(refused == .refused(code: "member_revoked"))

            // What the family shows and says from now on.
            for owner in owners { try await owner.stop() }
            for name in ["laptop", "studio"] { _ = try await house.start(name) }
            let booty = try Loot(of: kiosk.state)
            let entries = try await eventually("both are shown anew") {
                let entries = try await house.entries()
                return entries.count == 2 ? entries : nil
            }
            #expect(booty.opens(entries) == [])
        }
    }

    /// A link to `owner`, with the keys of a home.
    private static func dial(_ owner: TestDaemon, as me: Installation, at url: String) async throws {
        let route = RelayCarrier.Route(
            try ServerAddress(url), tls: nil, on: MultiThreadedEventLoopGroup.singleton.next())
        let called = try Installation(owner.state)
        let target = try ChainVerifier(mesh: called.mesh).verify(called.chain, now: realNow())
        let carrier = try await RelayCarrier.dial(target.machineID, of: me.wallet.routeID, by: route)
        let credentials = LinkCredentials(
            chain: me.chain, key: me.keys.sealing, revocations: RevocationLedger(mesh: me.mesh), newest: { _ in nil })
        var calling = try LinkInitiator(as: credentials, to: target)
        try await carrier.send(calling.open(now: realNow()))
        _ = try calling.finish(try await carrier.receive(within: .seconds(20)), now: realNow())
    }

    /// Options of a machine that an owner approved.
    private func joined(_ name: String, by owner: TestDaemon, in house: House) throws -> DaemonOptions {
        let state = try house.join(name, by: owner, role: .member)
        return DaemonOptions(
            state: state, name: DeviceName(name), servers: [house.server.url], executable: "/nonexistent")
    }
}

extension House {
    /// What the relay shows of the family.
    func entries() async throws -> [RegistryEntry] {
        try await RegistryReader(http: .shared, routes: [wallet.walletFile.routeID])
            .entries(at: ServerAddress(server.url))
    }
}

/// Everything in the files of a home that could be a key of 32 bytes: any run of as many, and whatever is written as hex or base64.
private struct Loot {
    let keys: Set<[UInt8]>

    init(of state: StateFolder) throws {
        var keys: Set<[UInt8]> = []
        let files = FileManager.default.enumerator(atPath: state.root)
        while let name = files?.nextObject() as? String {
            let path = state.root + "/" + name
            guard let bytes = FileManager.default.contents(atPath: path) else { continue }
            Self.add([UInt8](bytes), to: &keys)
        }
        self.keys = keys
    }

    private static func add(_ bytes: [UInt8], to keys: inout Set<[UInt8]>) {
        for start in 0..<max(0, bytes.count - 31) { keys.insert(Array(bytes[start..<start + 32])) }
        for start in 0..<max(0, bytes.count - 63) {
            let text = bytes[start..<start + 64]
            guard text.allSatisfy({ isDigit($0) || (97...102).contains($0) }) else { continue }
            if let key = try? Hex.decode(String(decoding: text, as: UTF8.self)) { keys.insert(key) }
        }
        for start in 0..<max(0, bytes.count - 43) {
            let text = bytes[start..<start + 43]
            guard text.allSatisfy({ isDigit($0) || isLetter($0) || [43, 47, 45, 95].contains($0) }) else { continue }
            let usual = String(decoding: text, as: UTF8.self).replacing("-", with: "+").replacing("_", with: "/")
            if let key = try? Base64.decode(usual + "="), key.count == 32 { keys.insert(key) }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool {
        (65...90).contains(byte | 32 ^ 32) || (97...122).contains(byte)
    }

    /// Whose blobs open by any of them.
    func opens(_ entries: [RegistryEntry]) -> Set<MachineID> {
        var opened: Set<MachineID> = []
        for bytes in keys {
            let key = SecretBytes(copying: bytes)
            let secret = try? X25519.PrivateKey(key)
            for entry in entries where !opened.contains(entry.machineID) {
                let isAnonymous = entry.blob.starts(with: Array("KB1".utf8))
                if isAnonymous ? Self.opens(anonymous: entry, secret) : Self.opens(entry, key) {
                    opened.insert(entry.machineID)
                }
            }
        }
        return opened
    }

    private static func opens(_ entry: RegistryEntry, _ key: SecretBytes) -> Bool {
        let slot = Array(entry.machineID.description.utf8)
        let (nonce, box) = (Array(entry.blob.prefix(12)), Array(entry.blob.dropFirst(12)))
        return (try? ChaChaPoly.open(box, key: key, nonce: nonce, authenticating: slot)) != nil
    }

    private static func opens(anonymous entry: RegistryEntry, _ secret: X25519.PrivateKey?) -> Bool {
        secret.flatMap { Box.openAnonymously(Array(entry.blob.dropFirst(3)), with: $0) } != nil
    }
}
