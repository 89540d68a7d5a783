import KinClient
import KinIdentity
import KinTesting
import KinWire
import Testing

/// What devices are called where this device calls some of them otherwise.
@Suite struct AliasedDirectoryTests {
    private let house: Household
    private let me: Installation
    private let (studio, kiosk): (Installation, Installation)
    private let here: ServerAddress
    private let now = TestClock.start

    init() async throws {
        house = try Household()
        me = try await house.device(at: TestClock.start)
        studio = try await house.device(at: TestClock.start)
        kiosk = try await house.device(at: TestClock.start)
        here = try ServerAddress("https://here.example")
    }

    private func directory(_ names: (Installation, String)..., more: [RegistryEntry] = []) throws -> Directory {
        var directory = Directory(installation: me)
        let entries = try names.map { try house.entry($0.0, $0.1) }
        _ = directory.merge(entries + more, from: here, now: now)
        return directory
    }

    private func call(_ device: Installation, _ alias: String, in directory: inout Directory) throws {
        try directory.aliases.set(try DeviceName(alias).orThrow("a name"), for: device.chain.member)
    }

    private func suffixed(_ name: String, _ device: Installation) -> String {
        "\(name)~\(device.machineID.description.prefix(4))"
    }

    @Test("an alias stands in the list, and both names mean the device")
    func listed() throws {
        var directory = try directory((studio, "studio"), (kiosk, "kiosk"))
        try call(studio, "desk", in: &directory)
        #expect(directory.named().map(\.name) == ["desk", "kiosk"])
        #expect(directory.name(of: studio.chain.member) == "desk")
        for name in ["desk", "studio", studio.chain.member.description] {
            #expect(try directory.resolve(name).member == studio.chain.member)
        }
        // It renames itself: the alias stays.
        _ = directory.merge([try house.entry(studio, "attic", ts: 1)], from: here, now: now)
        #expect(try directory.resolve("desk").member == studio.chain.member)
        try directory.aliases.set(nil, for: studio.chain.member)
        #expect(directory.name(of: studio.chain.member) == "attic")
    }

    @Test("an alias wins over who calls itself so, before and after it did, and that one is told apart")
    func wins() throws {
        var directory = try directory((studio, "studio"), (kiosk, "kiosk"))
        try call(kiosk, "studio", in: &directory)
        for names in [["studio", "kiosk"], ["studio", "studio"]] {
            _ = directory.merge(
                [try house.entry(studio, names[0], ts: 1), try house.entry(kiosk, names[1], ts: 1)], from: here,
                now: now)
            #expect(try directory.resolve("studio").member == kiosk.chain.member)
            #expect(directory.name(of: studio.chain.member) == suffixed("studio", studio))
            #expect(try directory.resolve(suffixed("studio", studio)).member == studio.chain.member)
        }
    }

    @Test("who calls itself as an aliased device does is told apart, and the name of both means neither")
    func toldApart() throws {
        var directory = try directory((studio, "laptop"))
        try call(studio, "desk", in: &directory)
        #expect(try directory.resolve("laptop").member == studio.chain.member)
        _ = directory.merge(
            [try house.entry(studio, "laptop", ts: 1), try house.entry(kiosk, "laptop", ts: 1)], from: here, now: now)
        #expect(directory.named().map(\.name) == ["desk", suffixed("laptop", kiosk)])
        let error = #expect(throws: KinError.self) { _ = try directory.resolve("laptop") }
        #expect(error?.code == "ambiguous_recipient")
    }

    @Test(
        "who has no certificate is listed neither by an alias nor by an aliased device's own name",
        arguments: ["desk", "studio"])
    func uncertified(name: String) throws {
        var directory = try directory(
            (studio, "studio"), more: [try house.uncertified(name, machine: "00000000000000aa")])
        try call(studio, "desk", in: &directory)
        #expect(try directory.resolve(name).member == studio.chain.member)
        #expect(directory.named().map(\.name) == ["desk", "\(name)~0000"])
    }

    @Test("the alias of a device that is listed no more means nobody, whoever calls itself so")
    func unlisted() throws {
        var directory = try directory((studio, "studio"), (kiosk, "desk"))
        try call(studio, "desk", in: &directory)
        directory.forget(studio.machineID)
        #expect(throws: KinError.self) { _ = try directory.resolve("desk") }
        #expect(directory.named().map(\.name) == [suffixed("desk", kiosk)])
    }

    @Test("who was forgotten is listed no more, and is news when it comes back; a machine id finds it too")
    func forgotten() throws {
        let foreign = try house.uncertified("phone", machine: "00000000000000aa")
        var directory = try directory((studio, "studio"), more: [foreign])
        #expect(try directory.find("00000000000000aa").opened.record.name == "phone")
        #expect(throws: KinError.self) { _ = try directory.resolve(studio.machineID.description) }
        for id in [studio.machineID, foreign.machineID] { directory.forget(id) }
        #expect(directory.isEmpty && directory.cache.isEmpty)
        #expect(throws: KinError.self) { _ = try directory.find("studio") }
        // A relay shows it for a while yet, and may for long.
        let former = directory.merge([try house.entry(studio, "studio"), foreign], from: here, now: now)
        #expect(former.new == [] && directory.isEmpty)
        let (new, changed) = directory.merge([try house.entry(studio, "studio", ts: 1)], from: here, now: now)
        #expect(new == [studio.machineID] && changed)
    }
}
