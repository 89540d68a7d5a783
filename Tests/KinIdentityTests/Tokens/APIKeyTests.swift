import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct APIKeyTests {
    private static func file() throws -> Vector { try Vector(file: "kindred/tokens.json").entry("api_keys") }

    @Test("a key is kept as the hash of the vectors", arguments: try file().entries("keys"))
    func hash(vector: Vector) throws {
        let key = try #require(APIKey(vector.text("key")))
        #expect(key.hash == (try vector.hex("sha256")))
        #expect(try key.withText { $0 } == vector.text("key"))
    }

    @Test("what is no key is none")
    func invalid() throws {
        let texts = try Self.file().json("invalid").elements.map(\.text)
        #expect(texts.count == 7)
        for text in texts { #expect(APIKey(text) == nil) }
    }

    @Test("fresh keys differ, read back, and use every character about evenly")
    func random() throws {
        var counts: [Character: Int] = [:]
        var seen: Set<String> = []
        for _ in 0..<2000 {
            let key = APIKey.random()
            let text = key.withText { $0 }
            #expect(APIKey(text)?.hash == key.hash)
            seen.insert(text)
            for character in text.dropFirst(4) { counts[character, default: 0] += 1 }
        }
        #expect(seen.count == 2000)
        #expect(counts.count == 62)
        // 1,032 expected of each; 200 are more than 6 standard deviations. Modulo 62 of a whole byte would give the first 8 letters 1,250.
        for (character, count) in counts { #expect(abs(count - 1032) < 200, "\(character): \(count)") }
    }

    @Test(
        "a key's state follows from its times",
        arguments: [
            (nil, nil, .active), (100, nil, .expired), (101, nil, .active), (nil, 100, .revoked), (50, 60, .revoked),
        ] as [(Int64?, Int64?, APIKeyRecord.State)])
    func state(expiresAt: Int64?, revokedAt: Int64?, state: APIKeyRecord.State) {
        let record = Self.record(expiresAt: expiresAt, revokedAt: revokedAt)
        #expect(record.state(now: 100) == state)
        do throws(KinError) {
            try record.check(now: 100)
            #expect(state == .active)
        } catch {
            #expect(error.code == "api_key_\(state.rawValue)")
        }
    }

    static func record(expiresAt: Int64? = nil, revokedAt: Int64? = nil, key: APIKey = .random()) -> APIKeyRecord {
        APIKeyRecord(
            id: ULID(milliseconds: 1, randomness: Random.bytes(10)), hash: key.hash, member: nil, scopes: [.send],
            createdAt: 1, expiresAt: expiresAt, revokedAt: revokedAt)
    }
}
