import KinCrypto
import KinDaemonAPI
import KinIdentity
import KinSession
import KinTestServer
import KinTesting
import KinWire
import Testing

/// What a relay can show that is not so, alone or with a member's help: nobody takes another's place, and each lie is counted by its kind.
@Suite(.serialized) struct HostileRelayRecordTests {
    /// What the registry shows of the studio in place of its record, and why it is not believed.
    struct Lie: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var fault: RecordFault
        var make: @Sendable (RelaySiege, RegistryEntry) async throws -> [RegistryEntry]

        init(
            _ name: String, _ fault: RecordFault,
            _ make: @escaping @Sendable (RelaySiege, RegistryEntry) async throws -> [RegistryEntry]
        ) {
            (testDescription, self.fault, self.make) = (name, fault, make)
        }
    }

    private static var nobody: MachineID {
        get throws { try MachineID("00000000000000ff").orThrow("a machine id") }
    }

    static let lies: [Lie] = [
        Lie("sealed with other keys", .doesNotOpen) { siege, _ in
            [try siege.record(of: siege.studio, sealedBy: TestWallet().file)]
        },
        Lie("swapped between two slots", .doesNotOpen) { siege, studio in
            let laptop = try await siege.shown(siege.laptop)
            return [
                RegistryEntry(machineID: studio.machineID, blob: laptop.blob),
                RegistryEntry(machineID: laptop.machineID, blob: studio.blob),
            ]
        },
        Lie("the studio's in a slot of nobody's", .doesNotOpen) { _, studio in
            [RegistryEntry(machineID: try nobody, blob: studio.blob)]
        },
        Lie("cut in the middle", .doesNotOpen) { _, studio in
            [RegistryEntry(machineID: studio.machineID, blob: Array(studio.blob.prefix(studio.blob.count / 2)))]
        },
        Lie("nothing in it", .doesNotOpen) { _, studio in [RegistryEntry(machineID: studio.machineID, blob: [])] },
        Lie("one bit changed", .doesNotOpen) { _, studio in
            var entry = studio
            entry.blob[entry.blob.count / 2] ^= 1
            return [entry]
        },
        Lie("larger than a record may be", .tooLarge) { _, studio in
            let padding = [UInt8](repeating: 0, count: RegistryRecord.maxBlobBytes)
            return [RegistryEntry(machineID: studio.machineID, blob: studio.blob + padding)]
        },
        Lie("an older one, where a newer one was shown", .older) { siege, studio in
            siege.show(.entries([try siege.record(of: siege.studio, ts: realNow() / 1000 + 60)]))
            #expect(try await siege.laptop.client.devices().devices.count == 2)
            return [studio]
        },
        Lie("dated more than 5 minutes ahead", .datedAhead) { siege, _ in
            [try siege.record(of: siege.studio, ts: realNow() / 1000 + 310)]
        },
        // With the keys of a member, or of a machine that has the box key.
        Lie("no record inside", .malformed) { siege, studio in
            let key = try X25519.PublicKey(siege.house.wallet.walletFile.boxPublic)
            let blob = Array("KB1".utf8) + Box.sealAnonymously(Array("{}".utf8), to: key)
            return [RegistryEntry(machineID: studio.machineID, blob: blob)]
        },
        Lie("one sealed without the phrase, in another slot", .anotherSlot) { siege, _ in
            [
                try siege.record(
                    of: siege.studio, for: nobody, sealedBy: siege.house.wallet.walletFile.withoutPhrase)
            ]
        },
        Lie("by a chain of another wallet", .chainRefused) { siege, _ in
            let stranger = try await TestFamily(now: realNow()).device()
            return [
                try siege.record(of: siege.studio, signedBy: stranger.keys.signing) {
                    $0.certified?.chain = stranger.chain
                }
            ]
        },
        Lie("with another key for links", .keyMismatch) { siege, _ in
            [try siege.record(of: siege.studio) { $0.hostPub = X25519.PrivateKey.random().publicKey.bytes }]
        },
        Lie("the laptop's certificate in the studio's slot", .keyMismatch) { siege, _ in
            let laptop = try siege.installation(siege.laptop)
            return [
                try siege.record(of: siege.studio, signedBy: laptop.keys.signing) { record in
                    record.certified?.chain = laptop.chain
                    record.hostPub = laptop.keys.sealing.publicKey.bytes
                }
            ]
        },
        Lie("signed by another device", .badSignature) { siege, _ in
            [try siege.record(of: siege.studio, signedBy: siege.installation(siege.laptop).keys.signing)]
        },
        Lie("without a certificate, in the slot of a device that has one", .slotTaken) { siege, _ in
            [try siege.record(of: siege.studio) { $0.certified = nil }]
        },
    ]

    @Test(
        "a record that is not what it says is dropped and counted by why, and nobody is taken for another",
        arguments: lies)
    func believed(_ lie: Lie) async throws {
        try await RelaySiege.lay { siege in
            let (laptop, studio) = (siege.laptop, try await siege.shown(siege.studio))
            let before = try await laptop.client.devices().devices
            siege.show(.entries(try await lie.make(siege, studio)))
            let list = try await laptop.client.devices()
            #expect(try await siege.dropped(lie.fault, by: laptop) > 0)
            for fault in RecordFault.allCases where fault != lie.fault {
                #expect(try await siege.dropped(fault, by: laptop) == 0, "\(fault)")
            }
            #expect(list.newNames == [])
            #expect(list.devices.map(\.name) == ["laptop", "studio"])
            #expect(list.devices.map(\.machineID) == before.map(\.machineID))
            #expect(list.devices.map(\.member) == before.map(\.member))
            #expect(list.devices.last?.servers == [])
            try await siege.isMended(laptop, calling: siege.studio)
        }
    }

    @Test("what a relay keeps for itself is an offline device, and no more")
    func withheld() async throws {
        try await RelaySiege.lay { siege in
            siege.show(.entries([]))
            let list = try await siege.laptop.client.devices()
            #expect(list.devices.map(\.name) == ["laptop", "studio"] && list.devices.last?.servers == [])
            try await siege.isMended(siege.laptop, calling: siege.studio)
        }
    }

    /// An answer that is no registry's.
    struct Nonsense: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var listing: HostileRelay.Listing
    }

    static let nonsense = [
        Nonsense(testDescription: "nothing at all", listing: .silence),
        Nonsense(testDescription: "no JSON", listing: .bytes(Array("{".utf8))),
        Nonsense(testDescription: "entries of another form", listing: .bytes(Array(#"[{"machine_id":"x"}]"#.utf8))),
        Nonsense(testDescription: "17 MiB", listing: .bytes([UInt8](repeating: 0x20, count: 17 << 20))),
        Nonsense(
            testDescription: "1,025 entries",
            listing: .entries(
                (100_000..<101_025).compactMap { MachineID("0000000000\($0)") }
                    .map { RegistryEntry(machineID: $0, blob: [1]) })),
    ]

    @Test("what is no registry's answer is said so within seconds, and everybody is remembered", arguments: nonsense)
    func misunderstood(_ nonsense: Nonsense) async throws {
        try await RelaySiege.lay { siege in
            siege.show(nonsense.listing)
            let began = ContinuousClock.now
            let list = try await siege.laptop.client.devices()
            #expect(ContinuousClock.now - began < .seconds(15))
            #expect(list.unreachable.count == 1 && list.unreachable.first?.contains(siege.relay.url) == true)
            #expect(list.devices.map(\.name) == ["laptop", "studio"])
            try await siege.isMended(siege.laptop, calling: siege.studio)
        }
    }

    @Test("the record of a revoked device, kept and shown again, brings nobody back")
    func revoked() async throws {
        try await RelaySiege.lay(to: ["laptop", "studio", "kiosk"]) { siege in
            let kept = try await siege.shown(siege.kiosk)
            try await siege.house.revoke("kiosk", by: siege.laptop)
            for daemon in [siege.laptop, siege.studio] {
                try await eventually("\(daemon.version.name) forgets it") {
                    try await daemon.client.devices().devices.map(\.name) == ["laptop", "studio"]
                }
            }
            siege.relay.take { hands in hands.list = { .entries($0.filter { $0.machineID != kept.machineID } + [kept]) }
            }
            for daemon in [siege.laptop, siege.studio] {
                let list = try await daemon.client.devices()
                #expect(list.devices.map(\.name) == ["laptop", "studio"] && list.newNames == [])
                #expect(try await siege.dropped(.revoked, by: daemon) > 0)
                #expect(try await siege.failure(of: daemon, calling: "kiosk").code == "unknown_recipient")
            }
        }
    }
}
