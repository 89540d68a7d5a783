import KinClient
import KinCrypto
import KinEncoding
import KinIdentity
import KinSession
import KinTesting
import KinWire
import Testing

@testable import KinDaemon

/// What a device makes of what brokers and relays tell of one member.
@Suite struct FamilyTests {
    private let wallet: TestFamily
    private let me: Installation
    private let laptop: TestDevice
    private let thief: TestDevice
    private let relay: ServerAddress
    private let now = TestClock.start

    init() async throws {
        wallet = try TestFamily()
        me = try Installation(try await wallet.device().state)
        laptop = try await wallet.device()
        thief = try wallet.impostor(of: laptop.member, by: try await wallet.ticket(uses: 1))
        relay = try ServerAddress("https://relay.example")
    }

    @Test("a device known by its record alone does not become whom the broker tells under its member id")
    func toldAfterPublished() throws {
        let family = Family(me, directory: Directory(installation: me))
        try publish(laptop, to: family)
        family.add(thief.chain, online: true, now: now)
        try isLaptop(family)
        #expect(family.roster.member(laptop.member) == nil && family.roster.onlineMembers == [])
        family.add(laptop.chain, online: true, now: now)
        #expect(family.roster.member(laptop.member)?.chain == laptop.chain)
    }

    @Test("a device known by the broker alone does not become who publishes under its member id")
    func publishedAfterTold() throws {
        let family = Family(me, directory: Directory(installation: me))
        family.add(laptop.chain, online: true, now: now)
        try publish(thief, to: family)
        try isLaptop(family)
        #expect(family.withDirectory { $0.dropped } == [.slotTaken: 1])
    }

    @Test("what the wallet says wins over what a ticket says, however it was heard first")
    func walletLast() throws {
        for isToldFirst in [true, false] {
            let family = Family(me, directory: Directory(installation: me))
            if isToldFirst { family.add(thief.chain, online: true, now: now) } else { try publish(thief, to: family) }
            if isToldFirst { try publish(laptop, to: family) } else { family.add(laptop.chain, online: true, now: now) }
            try isLaptop(family)
        }
    }

    @Test("nobody becomes this device itself")
    func myself() async throws {
        let family = Family(me, directory: Directory(installation: me))
        let thief = try wallet.impostor(of: me.chain.member, by: try await wallet.ticket(uses: 1))
        family.add(thief.chain, online: true, now: now)
        try publish(thief, to: family)
        #expect(family.member(me.chain.member) == nil)
        family.add(me.chain, online: true, now: now)
        #expect(family.member(me.chain.member)?.chain == me.chain)
    }

    private func isLaptop(_ family: Family) throws {
        #expect(family.member(laptop.member)?.chain == laptop.chain)
        #expect(family.sender(laptop.member)?.chain == laptop.chain)
        #expect(try family.resolve(laptop.member.description).chain == laptop.chain)
        #expect(family.everybody.map(\.chain) == [laptop.chain])
    }

    private func publish(_ device: TestDevice, to family: Family) throws {
        let record = RegistryRecord(
            name: "laptop", hostPub: device.keys.sealing.publicKey.bytes, signalURL: "https://relay.example",
            ts: now / 1000,
            certified: .init(
                machineID: device.machineID, version: "1.0.0", chain: device.chain, revocationHead: .empty, lan: nil,
                capabilities: [])
        ).signed(by: device.keys.signing)
        let blob = try RecordSealer(wallet: wallet.wallet.fileWithoutPhrase, mesh: wallet.mesh)
            .seal(record, machineID: device.machineID)
        _ = family.merge([RegistryEntry(machineID: device.machineID, blob: blob)], from: relay, now: now)
    }
}
