import KinEncoding
import KinTesting
import KinWire
import Testing

@Suite struct RegistryRecordTests {
    static let records = "kindred/registry.json"

    static func record(_ name: String) throws -> [UInt8] {
        try Vector.list(records, "records").first { $0.name == name }.orThrow(name).utf8("record")
    }

    @Test("unknown fields stay under the signature")
    func unknownFields() throws {
        let bytes = try Self.record("unknown fields, covered by sig")
        let record = try RegistryRecord(json: bytes)
        #expect(record.canonicalBytes() == bytes)
        guard case .object(var members) = try JSON.parse(bytes) else { throw MissingValue("members") }
        members["sig"] = nil
        #expect(record.unsignedBytes() == JSON.object(members).canonicalBytes())
    }

    @Test("an unknown field survives a change of a known one, and cannot stand in for it")
    func knownFieldsWin() throws {
        var record = try RegistryRecord(json: Self.record("unknown fields, covered by sig"))
        let before = record.unsignedBytes()
        record.name = "renamed"
        let after = record.unsignedBytes()
        #expect(before != after)
        guard case .object(let members) = try JSON.parse(after), case .object(let old) = try JSON.parse(before) else {
            throw MissingValue("members")
        }
        #expect(members["name"] == .string("renamed"))
        #expect(members.keys.sorted() == old.keys.sorted())
    }

    @Test("a record need not be canonical to be read")
    func lenient() throws {
        for name in ["white space between tokens", "names in another order"] {
            let bytes = try Self.record(name)
            let record = try RegistryRecord(json: bytes)
            #expect(record.canonicalBytes() != bytes)
            #expect(try RegistryRecord(json: record.canonicalBytes()) == record)
        }
    }

    @Test("a record without a chain is uncertified")
    func uncertified() throws {
        let record = try RegistryRecord(json: Self.record("uncertified, without a chain"))
        #expect(record.certified == nil)
    }

    @Test("a record over 8 KiB is refused unread")
    func tooLarge() {
        let error = #expect(throws: WireError.self) {
            try RegistryRecord(json: [UInt8](repeating: UInt8(ascii: " "), count: 8193))
        }
        #expect(error?.message.contains("8192") == true)
    }

    @Test("no damage to a record traps its reader")
    func damaged() throws {
        let records = try Vector.list(Self.records, "records").map { try $0.utf8("record") }
        var mutation = Mutation(seed: 5, alphabet: FrameFuzzTests.alphabet)
        var refused = 0
        for index in 0..<2_000 {
            if (try? RegistryRecord(json: mutation.damage(records[index % records.count]))) == nil { refused += 1 }
        }
        #expect(refused > 0)
    }
}
