import KinClient
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct DirectoryTests {
    private let house: Household
    private let me: Installation
    private let studio: Installation
    private let here: ServerAddress
    private let there: ServerAddress
    private let now = TestClock.start

    init() async throws {
        house = try Household()
        me = try await house.device(at: TestClock.start)
        studio = try await house.device(at: TestClock.start)
        here = try ServerAddress("https://here.example")
        there = try ServerAddress("https://there.example")
    }

    @Test("a device that a server lists is online there, under its name")
    func online() throws {
        var directory = Directory(installation: me)
        let (new, changed) = directory.merge([try house.entry(studio, "studio")], from: here, now: now + 5)
        let device = try #require(directory.device(studio.machineID))
        #expect(new == [studio.machineID] && changed)
        #expect(device.isOnline && device.servers == [here] && device.lastSeen == now + 5)
        #expect(device.opened.record.name == "studio" && device.opened.member?.member == studio.chain.member)
        #expect(directory.named().map(\.name) == ["studio"])
        #expect(directory.device(member: studio.chain.member)?.opened.machineID == studio.machineID)
        #expect(directory.name(of: studio.chain.member) == "studio")
        #expect(directory.name(of: me.chain.member) == me.chain.member.description)
    }

    @Test("a record without a certificate does not take the place of one with it")
    func takenOver() throws {
        var directory = Directory(installation: me)
        _ = directory.merge([try house.entry(studio, "studio")], from: here, now: now)
        let forged = try house.uncertified("studio", machine: studio.machineID.description)
        _ = directory.merge([forged], from: there, now: now)
        #expect(directory.device(studio.machineID)?.opened.member?.member == studio.chain.member)
        #expect(directory.dropped == [.slotTaken: 1])
        #expect(try directory.resolve("studio").member == studio.chain.member)
    }

    @Test("whoever may certify does not take another device's member id or place, whatever slot and order it comes in")
    func impostor() async throws {
        let elsewhere = try MachineID("00000000000000aa").orThrow("a machine id")
        let genuine = try house.entry(studio, "studio")
        for machine in [elsewhere, studio.machineID] {
            let forged = try house.impostor(of: studio, by: me, "a-studio", machine: machine, ts: 5)
            for servers in [[genuine], [forged]].map({ ($0, $0 == [genuine] ? [forged] : [genuine]) }) {
                var directory = Directory(installation: me)
                _ = directory.merge(servers.0, from: here, now: now)
                _ = directory.merge(servers.1, from: there, now: now)
                let found = try #require(directory.device(member: studio.chain.member))
                #expect(found.opened.member?.chain == studio.chain)
                #expect(try directory.resolve(studio.chain.member.description).chain == studio.chain)
                #expect(directory.named().map(\.name) == ["studio"])
                var again = Directory(installation: me)
                again.restore(directory.cache, now: now)
                #expect(again.device(member: studio.chain.member)?.opened.member?.chain == studio.chain)
            }
        }
        let forged = try house.impostor(of: me, by: studio, "laptop", machine: elsewhere)
        var directory = Directory(installation: me)
        _ = directory.merge([forged], from: here, now: now)
        #expect(directory.device(member: me.chain.member) == nil && directory.dropped == [.slotTaken: 1])
    }

    @Test("a record that is refused does not make those of the device itself look old")
    func refusedAhead() throws {
        let forged = try house.impostor(of: me, by: studio, "studio", machine: studio.machineID, ts: 300)
        var directory = Directory(installation: me)
        _ = directory.merge([try house.entry(studio, "studio")], from: here, now: now)
        _ = directory.merge([forged], from: here, now: now)
        _ = directory.merge([try house.entry(studio, "studio", ts: 1)], from: here, now: now)
        #expect(directory.device(studio.machineID)?.isOnline == true && directory.dropped == [.slotTaken: 1])
    }

    @Test("a device that is listed no more is offline, and remembered as last seen")
    func offline() throws {
        var directory = Directory(installation: me)
        let entry = try house.entry(studio, "studio")
        _ = directory.merge([entry], from: here, now: now)
        let (new, changed) = directory.merge([], from: here, now: now + 9000)
        let device = try #require(directory.device(studio.machineID))
        #expect(new == [] && !changed)
        #expect(!device.isOnline && device.lastSeen == now)
    }

    @Test("a device is where any server lists it, until none does")
    func severalServers() throws {
        var directory = Directory(installation: me)
        let entry = try house.entry(studio, "studio")
        _ = directory.merge([entry], from: here, now: now)
        _ = directory.merge([entry], from: there, now: now)
        #expect(directory.device(studio.machineID)?.servers == [here, there])
        _ = directory.merge([], from: here, now: now)
        #expect(directory.device(studio.machineID)?.servers == [there])
        directory.lost(there)
        #expect(directory.device(studio.machineID)?.isOnline == false)
    }

    @Test("a device that registered at two servers in different seconds is shown at both, by its newer record")
    func severalRecords() throws {
        var directory = Directory(installation: me)
        let (older, newer) = (try house.entry(studio, "studio", ts: 10), try house.entry(studio, "renamed", ts: 12))
        for round in 0..<2 {
            _ = directory.merge([newer], from: there, now: now + Int64(round))
            _ = directory.merge([older], from: here, now: now + Int64(round))
            #expect(directory.device(studio.machineID)?.servers == [here, there])
            #expect(directory.device(studio.machineID)?.opened.record.name == "renamed")
        }
        directory.lost(there)
        _ = directory.merge([older], from: here, now: now)
        #expect(directory.device(studio.machineID)?.isOnline == true)
        #expect(directory.dropped.isEmpty)
    }

    @Test(
        "a server whose list is unchanged has its devices seen now, and no other's; one whose certificate ended is gone"
    )
    func confirmed() throws {
        var directory = Directory(installation: me)
        _ = directory.merge([try house.entry(studio, "studio")], from: here, now: now)
        let changed5 = directory.confirm(there, now: now + 5)
        #expect(!changed5)
        #expect(directory.device(studio.machineID)?.lastSeen == now)
        let changed9 = directory.confirm(here, now: now + 9)
        #expect(!changed9)
        #expect(directory.device(studio.machineID)?.lastSeen == now + 9)
        #expect(directory.named().map(\.name) == ["studio"])
        directory.lost(here)
        let changed20 = directory.confirm(here, now: now + 20)
        #expect(!changed20)
        #expect(directory.device(studio.machineID)?.isOnline == false)
        #expect(directory.device(studio.machineID)?.lastSeen == now + 9)
    }

    @Test("a record older than one the same server showed is dropped")
    func replayed() throws {
        var directory = Directory(installation: me)
        _ = directory.merge([try house.entry(studio, "new-name", ts: 10)], from: here, now: now)
        let (_, changed) = directory.merge([try house.entry(studio, "old-name", ts: 9)], from: here, now: now)
        #expect(!changed && directory.dropped == [.older: 1])
        #expect(directory.device(studio.machineID)?.opened.record.name == "new-name")
        #expect(directory.device(studio.machineID)?.isOnline == false)
        _ = directory.merge([try house.entry(studio, "newer-name", ts: 10)], from: here, now: now)
        #expect(directory.named().map(\.name) == ["newer-name"])
    }

    @Test("a record older than one the same server showed is dropped after a restart, too")
    func replayedLater() throws {
        var before = Directory(installation: me)
        _ = before.merge([try house.entry(studio, "studio", ts: 10)], from: here, now: now)
        _ = before.merge([try house.entry(studio, "studio", ts: 8)], from: there, now: now)
        try DeviceCache.write(before.cache, to: me.state)
        var directory = Directory(installation: me)
        directory.restore(try DeviceCache.read(me.state), now: now)
        for server in [here, there] {
            _ = directory.merge([try house.entry(studio, "studio", ts: 7)], from: server, now: now)
            #expect(directory.device(studio.machineID)?.isOnline == false)
        }
        #expect(directory.dropped == [.older: 2])
        _ = directory.merge([try house.entry(studio, "studio", ts: 8)], from: there, now: now)
        #expect(directory.device(studio.machineID)?.servers == [there])
    }

    @Test("what is not a sound record of this family is dropped and counted")
    func unsound() async throws {
        let stranger = try await Household().device()
        let other = try await house.device()
        let foreign = try Household()
        var directory = Directory(installation: me)
        let swapped = RegistryEntry(machineID: other.machineID, blob: try house.entry(studio, "studio").blob)
        let entries = [
            try foreign.entry(stranger, "sealed-for-another-family"),
            try house.entry(stranger, "certified-by-another-wallet"),
            try house.entry(studio, "dated-ahead", ts: 301),
            RegistryEntry(machineID: studio.machineID, blob: []),
            RegistryEntry(machineID: studio.machineID, blob: [UInt8](repeating: 0, count: 500)),
            RegistryEntry(machineID: studio.machineID, blob: Array("KB1".utf8) + [UInt8](repeating: 1, count: 90)),
            swapped,
        ]
        let (new, changed) = directory.merge(entries, from: here, now: now)
        #expect(new == [] && !changed && directory.named().isEmpty)
        #expect(directory.dropped == [.doesNotOpen: 5, .chainRefused: 1, .datedAhead: 1])
    }

    @Test("a device is news once, and only one that was certified after this one")
    func news() async throws {
        let older = try await house.device(at: TestClock.start - 1)
        let younger = try await house.device(at: TestClock.start + 1)
        var directory = Directory(installation: me)
        let entries = [
            try house.entry(older, "older"), try house.entry(younger, "younger"), try house.entry(me, "me"),
            try house.uncertified("elsewhere", machine: "00000000000000aa"),
        ]
        #expect(directory.merge(entries, from: here, now: now + 10).new == [younger.machineID])
        #expect(directory.merge(entries, from: here, now: now + 20).new == [])
        #expect(directory.merge(entries, from: there, now: now + 30).new == [])
        #expect(directory.merge([try house.entry(younger, "renamed", ts: 5)], from: here, now: now + 40).new == [])
    }

    @Test("a device from the cache is known, offline and no news")
    func cached() throws {
        var directory = Directory(installation: me)
        let entry = try house.entry(studio, "studio")
        directory.restore(
            [entry.machineID, me.machineID].map { CachedDevice(machineID: $0, blob: entry.blob, lastSeen: 77) },
            now: now)
        #expect(directory.named().map(\.name) == ["studio"])
        #expect(directory.device(studio.machineID)?.isOnline == false)
        #expect(directory.device(studio.machineID)?.lastSeen == 77)
        let (new, changed) = directory.merge([entry], from: here, now: now)
        #expect(new == [] && changed)
        let ts = try #require(directory.device(studio.machineID)).opened.record.ts
        #expect(
            directory.cache == [
                CachedDevice(machineID: entry.machineID, blob: entry.blob, lastSeen: now, newest: [here: ts])
            ])
    }
}

@Suite struct RecipientTests {
    private let house: Household
    private let me: Installation
    private let here: ServerAddress

    init() async throws {
        house = try Household()
        me = try await house.device()
        here = try ServerAddress("https://here.example")
    }

    private func directory(_ entries: [RegistryEntry]) -> Directory {
        var directory = Directory(installation: me)
        _ = directory.merge(entries, from: here, now: TestClock.start)
        return directory
    }

    private func refusal(of text: String, in directory: Directory) -> KinError? {
        #expect(throws: KinError.self) { _ = try directory.resolve(text) }
    }

    @Test("a device is found by its name and by its member id")
    func found() async throws {
        let studio = try await house.device()
        let directory = directory([try house.entry(me, "laptop"), try house.entry(studio, "studio")])
        #expect(try directory.resolve("studio").member == studio.chain.member)
        #expect(try directory.resolve(studio.chain.member.description).member == studio.chain.member)
        #expect(try directory.resolve("laptop").member == me.chain.member)
    }

    @Test("equal names carry the first digits of the machine id; each is then found by that name alone")
    func equalNames() async throws {
        let (one, two) = (try await house.device(), try await house.device())
        let directory = directory([
            try house.entry(one, "studio"), try house.entry(two, "studio"), try house.entry(me, "laptop"),
        ])
        let names = [one, two].map { "studio~\($0.machineID.description.prefix(4))" }
        #expect(directory.named().map(\.name) == (["laptop"] + names).sorted())
        for (device, name) in zip([one, two], names) {
            #expect(try directory.resolve(name).member == device.chain.member)
            #expect(directory.name(of: device.chain.member) == name)
        }
        let error = refusal(of: "studio", in: directory)
        #expect(error?.code == "ambiguous_recipient" && error?.category == .usage)
        #expect(error?.detail["candidates"] == .array(names.sorted().map { .string($0) }))
    }

    @Test("an unknown name lists the names known")
    func unknown() async throws {
        let studio = try await house.device()
        let known = directory([try house.entry(me, "laptop"), try house.entry(studio, "studio")])
        let error = refusal(of: "kiosk", in: known)
        #expect(error?.code == "unknown_recipient" && error?.category == .notFound)
        #expect(error?.detail["candidates"] == .array([.string("laptop"), .string("studio")]))
        #expect(error?.message.contains("kiosk") == true && error?.message.contains("laptop, studio") == true)
        let nobody = refusal(of: "kiosk", in: directory([]))
        #expect(nobody?.message.contains("no other device was seen yet") == true)
    }

    @Test("a device without a certificate cannot be written to, and the error says so")
    func uncertified() throws {
        let directory = directory([try house.uncertified("elsewhere", machine: "00000000000000aa")])
        #expect(directory.named().map(\.name) == ["elsewhere"])
        let error = refusal(of: "elsewhere", in: directory)
        #expect(error?.code == "uncertified_recipient" && error?.category == .refused)
    }

    @Test("a device with a certificate keeps its name, whatever calls itself the same without one")
    func certifiedFirst() async throws {
        let studio = try await house.device()
        let id = studio.chain.member.description
        let directory = directory([
            try house.entry(studio, "studio"), try house.uncertified("studio", machine: "00000000000000aa"),
            try house.uncertified(id, machine: "00000000000000bb"),
        ])
        #expect(try directory.resolve("studio").member == studio.chain.member)
        #expect(try directory.resolve(id).member == studio.chain.member)
        #expect(directory.name(of: studio.chain.member) == "studio")
        #expect(Set(directory.named().map(\.name)) == ["studio", "studio~0000", id])
        #expect(refusal(of: "studio~0000", in: directory)?.code == "uncertified_recipient")
    }

    @Test("a member id means that member, whoever calls itself so")
    func namedAsMember() async throws {
        let (studio, kiosk) = (try await house.device(), try await house.device())
        let id = studio.chain.member.description
        let directory = directory([try house.entry(studio, "studio"), try house.entry(kiosk, id)])
        #expect(try directory.resolve(id).member == studio.chain.member)
    }

    @Test("a text of any length is answered with a short one")
    func longName() {
        let error = refusal(of: String(repeating: "x", count: 100_000), in: directory([]))
        #expect((error?.message.count ?? .max) < 300)
    }
}
