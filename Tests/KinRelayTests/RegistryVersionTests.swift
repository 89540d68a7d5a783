import KinRelay
import KinWire
import Testing

@Suite struct RegistryVersionTests {
    private final class Reader {
        var state = RelayState()

        func version(_ family: Family, at now: Int64 = 0) -> UInt64 {
            state.reading(of: family.route, now: now).version
        }
    }

    let family = Family()

    @Test("the version of what a family shows changes with what it shows, and only then")
    func changes() throws {
        let reader = Reader()
        var seen = [reader.version(family)]
        func hasChanged(at now: Int64 = 0) -> Bool {
            let version = reader.version(family, at: now)
            defer { seen.append(version) }
            return version != seen.last
        }
        _ = reader.state.connect(try family.request(1), connection: 1, from: "127.0.0.1", now: 0)
        #expect(!hasChanged())
        _ = reader.state.publish([1], from: 1, now: 0)
        #expect(hasChanged())
        _ = reader.state.publish([1], from: 1, now: 0)
        _ = reader.state.connect(try family.request(2), connection: 2, from: "127.0.0.1", now: 0)
        _ = reader.state.connect(try Family(2).request(1), connection: 3, from: "127.0.0.1", now: 0)
        _ = reader.state.publish([9], from: 3, now: 0)
        #expect(!hasChanged())
        _ = reader.state.publish([2], from: 1, now: 0)
        #expect(hasChanged())
        _ = reader.state.connect(try family.request(1), connection: 4, from: "127.0.0.1", now: 0)
        #expect(!hasChanged())
        _ = reader.state.disconnect(4, now: 0)
        _ = reader.state.disconnect(2, now: 0)
        #expect(!hasChanged(at: 9_999))
        #expect(hasChanged(at: 10_000))
        #expect(reader.state.reading(of: family.route, now: 10_000).entries == [])
        _ = reader.state.connect(try family.request(1), connection: 5, from: "127.0.0.1", now: 10_000)
        _ = reader.state.publish([2], from: 5, now: 10_000)
        #expect(hasChanged(at: 10_000))
        #expect(Set(seen).count == 4, "no version comes again but that of nothing: \(seen)")
    }

    @Test("a device that goes while others stay makes another version when its grace is over")
    func goes() throws {
        let reader = Reader()
        for machine in 1...2 {
            _ = reader.state.connect(
                try family.request(machine), connection: UInt64(machine), from: "127.0.0.1", now: 0)
            _ = reader.state.publish([1], from: UInt64(machine), now: 0)
        }
        let both = reader.version(family)
        _ = reader.state.disconnect(2, now: 0)
        #expect(reader.version(family, at: 9_999) == both)
        #expect(reader.version(family, at: 10_000) > both)
    }

    @Test("who has the version gets no entries")
    func known() throws {
        let reader = Reader()
        _ = reader.state.connect(try family.request(1), connection: 1, from: "127.0.0.1", now: 0)
        _ = reader.state.publish([1], from: 1, now: 0)
        let (version, entries) = reader.state.reading(of: family.route, now: 0)
        #expect(entries?.map(\.blob) == [[1]])
        #expect(reader.state.reading(of: family.route, unless: { $0 == version }, now: 0).entries == nil)
        #expect(reader.state.reading(of: family.route, unless: { $0 == version + 1 }, now: 0).entries?.count == 1)
    }
}
