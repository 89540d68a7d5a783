import Foundation
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct AliasesTests {
    private let folder: TemporaryFolder
    private let state: StateFolder
    private var path: String { state.path("aliases.json") }
    private let one = ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10))
    private let two = ULID(milliseconds: 2, randomness: [UInt8](repeating: 2, count: 10))

    init() throws {
        folder = try TemporaryFolder()
        state = StateFolder(root: folder.path)
    }

    private func name(_ text: String) throws -> DeviceName { try DeviceName(text).orThrow("a name") }

    @Test("what is written is read, for the user alone")
    func roundTrip() throws {
        var aliases = Aliases()
        try aliases.set(name("desk"), for: one)
        try aliases.set(name("attic"), for: two)
        try aliases.write(to: state)
        let read = try Aliases(reading: state)
        #expect(read == aliases && read.name(of: one)?.description == "desk" && read.member(called: "attic") == two)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(throws: KinError.self) { _ = try Aliases(reading: state) }
    }

    @Test("they go with the installation")
    func forgotten() throws {
        try state.prepare()
        try Aliases().write(to: state)
        _ = try Forgetting(state: state, now: 1).forget()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("an alias is one member's, a member has one, and what is taken away is free")
    func oneEach() throws {
        var aliases = Aliases()
        try aliases.set(name("desk"), for: one)
        let taken = #expect(throws: KinError.self) { try aliases.set(name("desk"), for: two) }
        #expect(taken?.code == "alias_taken" && aliases.member(called: "desk") == one)
        try aliases.set(name("attic"), for: one)
        #expect(aliases.member(called: "desk") == nil && aliases.name(of: one)?.description == "attic")
        try aliases.set(name("desk"), for: two)
        try aliases.set(nil, for: two)
        #expect(aliases.name(of: two) == nil && aliases.member(called: "desk") == nil)
        for number in 1..<Aliases.most {
            try aliases.set(
                name("d\(number)"),
                for: ULID(milliseconds: 9, randomness: Array("\(10_000_000_000 + number)".utf8.suffix(10))))
        }
        #expect(throws: KinError.self) { try aliases.set(name("more"), for: two) }
        try aliases.set(name("again"), for: one)
    }

    @Test(
        "a damaged file is refused by its name and says what to do",
        arguments: [
            "", "[]", "{}", #"{"schema_version":1}"#, #"{"schema_version":1,"aliases":[]}"#,
            #"{"schema_version":2,"aliases":{}}"#, #"{"schema_version":1,"aliases":{"x":"desk"}}"#,
            #"{"schema_version":1,"aliases":{"01K5SXXE00N43FY2XG0DZ860B6":"no name"}}"#,
            #"{"schema_version":1,"aliases":{"01K5SXXE00N43FY2XG0DZ860B6":7}}"#,
            #"{"schema_version":1,"aliases":{"01K5SXXE00N43FY2XG0DZ860B6":"a","01K5SXXE00N43FY2XG0DZ860B7":"a"}}"#,
            #"{"schema_version":1,"aliases":{},"more":1}"#,
        ])
    func damaged(content: String) throws {
        try StateFolder.write(Array(content.utf8), to: path, mode: 0o600)
        let error = #expect(throws: KinError.self) { _ = try Aliases(reading: state) }
        #expect(error?.code == "file_damaged" && error?.message.contains("aliases.json") == true)
    }
}
