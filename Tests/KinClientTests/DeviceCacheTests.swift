import Foundation
import KinClient
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct DeviceCacheTests {
    private let house: Household
    private let me: Installation
    private var path: String { me.state.path("devices.json") }

    init() async throws {
        house = try Household()
        me = try await house.device()
    }

    @Test("what is written is read, and the file holds no name in the clear")
    func roundTrip() async throws {
        let studio = try await house.device()
        var directory = Directory(installation: me)
        let entries = [try house.entry(me, "laptop-by-the-window"), try house.entry(studio, "studio-in-the-attic")]
        _ = directory.merge(entries, from: try ServerAddress("https://here.example"), now: TestClock.start)
        try DeviceCache.write(directory.cache, to: me.state)
        #expect(try DeviceCache.read(me.state) == directory.cache)
        #expect(directory.cache.count == 2)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        for secret in ["laptop", "studio", "attic", "home@", studio.chain.member.description] {
            #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(secret) is in devices.json")
        }
        var again = Directory(installation: me)
        again.restore(try DeviceCache.read(me.state), now: TestClock.start)
        #expect(again.named().map(\.name) == ["laptop-by-the-window", "studio-in-the-attic"])
    }

    @Test("the file is for the user alone, and one that is not is refused")
    func modes() throws {
        try DeviceCache.write([], to: me.state)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        let error = #expect(throws: KinError.self) { _ = try DeviceCache.read(me.state) }
        #expect(error?.code == "loose_mode")
    }

    @Test(
        "no file, or a damaged one, is an empty cache: the relays fill it again",
        arguments: [
            nil, "", "no JSON", "[]", #"{"devices":1}"#, #"{"devices":[{"machine_id":"x"}]}"#,
            #"{"devices":[{"machine_id":"00000000000000aa","blob":"%%%","last_seen":1}]}"#,
        ])
    func damaged(_ content: String?) throws {
        if let content { try StateFolder.write(Array(content.utf8), to: path, mode: 0o600) }
        #expect(try DeviceCache.read(me.state) == [])
    }
}
