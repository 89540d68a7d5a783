import Foundation
import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct AuthorizedKeysTests {
    private static func file() throws -> Vector { try Vector(file: "kindred/tokens.json").entry("authorized_keys") }

    @Test("keys and comments are read; comments, blank lines and repeats say nothing new")
    func read() throws {
        let file = try Self.file()
        let keys = try AuthorizedKeys(file.text("text"))
        let expected = try file.entries("keys")
        #expect(keys.count == expected.count)
        for entry in expected {
            let keyID = try entry.hex("key_id")
            let found = try #require(keys.entry(keyID))
            #expect(AuthToken.keyID(of: found.key) == keyID)
            #expect(found.comment == (try entry.text("comment")))
        }
        #expect(keys.entry([UInt8](repeating: 0, count: 32)) == nil)
    }

    @Test("a line that is no key refuses the whole, by its number", arguments: try file().entries("invalid"))
    func invalid(vector: Vector) throws {
        let text = try "# first\n\(vector.text("line"))\n"
        let error = #expect(throws: KinError.self) { try AuthorizedKeys(text) }
        #expect(error?.code == "authorized_keys_invalid")
        #expect(error?.message.contains("line 2 ") == true)
    }

    @Test("nothing at all holds no key")
    func empty() throws {
        #expect(try AuthorizedKeys("").count == 0)
        #expect(try AuthorizedKeys("\r\n#x").count == 0)
    }

    @Test("lines, keys and bytes are bounded")
    func bounds() throws {
        let line = try Self.file().text("text").split(separator: "\n")[1]
        let texts = ["\(line) " + String(repeating: "x", count: 9000), String(repeating: "\n", count: 1 << 20) + "#"]
        for text in texts { #expect(throws: KinError.self) { try AuthorizedKeys(text) } }
    }

    @Test("a file that others may write is refused with what to do; a missing one is said to be missing")
    func modes() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("authorized_keys")
        let code = { () -> String? in
            do {
                _ = try AuthorizedKeys(reading: path)
                return nil
            } catch let error as KinError {
                return error.code
            }
        }
        #expect(try code() == "authorized_keys_missing")
        try Self.file().text("text").write(toFile: path, atomically: true, encoding: .utf8)
        for (mode, expected) in [(0o644, nil), (0o600, nil), (0o664, "loose_mode"), (0o646, "loose_mode")] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            #expect(try code() == expected)
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        try Data([0xff, 0xfe]).write(to: URL(filePath: path))
        #expect(try code() == "authorized_keys_invalid")
    }

    @Test("garbage is a value or an error")
    func garbage() throws {
        var random = SeededGenerator(seed: 3)
        let sound = Array(try Self.file().text("text").utf8)
        for _ in 0..<3000 {
            var bytes = sound
            for _ in 0..<random.number(in: 1..<4) { bytes[random.number(in: 0..<bytes.count)] = random.bytes(1)[0] }
            let keys = try? AuthorizedKeys(String(decoding: bytes, as: UTF8.self))
            #expect(keys?.count ?? 0 <= 3)
        }
    }
}
