import KinCrypto
import KinEncoding
import KinIdentity
import KinKeyStore
import KinSQLite
import KinTesting
import KinWire
import Testing

@Suite struct SQLiteAPIKeyStoreTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("apikeys.db") }

    init() throws { folder = try TemporaryFolder() }

    private func record(_ description: String = "robot", at time: Int64 = 1) throws -> APIKeyRecord {
        let mesh = MeshID.home(of: try WalletAddress(bytes: [UInt8](repeating: 9, count: 32)).orThrow("an address"))
        return APIKeyRecord(
            id: ULID(milliseconds: time, randomness: Random.bytes(10)), hash: APIKey.random().hash,
            member: MeshMember(mesh: mesh, member: ULID(milliseconds: 3, randomness: Random.bytes(10))),
            scopes: [.createMesh, .send], description: description, createdAt: time, expiresAt: 50)
    }

    @Test("what is inserted is found by its hash, after a restart too")
    func insertion() async throws {
        let one = try record()
        var other = try record("ци \" '", at: 2)
        other.member = nil
        other.expiresAt = nil
        let store = try SQLiteAPIKeyStore(path: path)
        try await store.insert(one)
        try await store.insert(other)
        #expect(try store.record(hash: one.hash) == one)
        #expect(try store.record(hash: [1]) == nil)
        store.close()
        let again = try SQLiteAPIKeyStore(path: path)
        #expect(try again.all() == [one, other])
        again.close()
    }

    @Test("a key of the same hash or id is not taken twice")
    func twice() async throws {
        let store = try SQLiteAPIKeyStore(path: path)
        defer { store.close() }
        let one = try record()
        try await store.insert(one)
        await #expect(throws: StoreError.self) { try await store.insert(one) }
        #expect(try store.all().count == 1)
    }

    @Test("revoking says what was revoked, once and for all; an unknown id revokes nothing")
    func revocation() async throws {
        let store = try SQLiteAPIKeyStore(path: path)
        defer { store.close() }
        let one = try record()
        try await store.insert(one)
        #expect(try await store.revoke(ULID(milliseconds: 1, randomness: Random.bytes(10)), now: 5) == nil)
        #expect(try await store.revoke(one.id, now: 6)?.revokedAt == 6)
        #expect(try await store.revoke(one.id, now: 7)?.revokedAt == 6)
        #expect(try store.record(hash: one.hash)?.state(now: 1) == .revoked)
    }

    @Test("another process's revocation is seen at once, and a use noted here does not undo it")
    func sideBySide() async throws {
        let server = try SQLiteAPIKeyStore(path: path)
        let command = try SQLiteAPIKeyStore(path: path)
        let one = try record()
        try await command.insert(one)
        let seen = try #require(try server.record(hash: one.hash))
        server.noteUse(of: seen, now: 100)
        _ = try await command.revoke(one.id, now: 101)
        #expect(try server.record(hash: one.hash)?.revokedAt == 101)
        server.close()
        #expect(try command.record(hash: one.hash)?.lastUsedAt == 100)
        #expect(try command.record(hash: one.hash)?.revokedAt == 101)
        command.close()
    }

    @Test("a use is noted to the minute")
    func uses() async throws {
        let store = try SQLiteAPIKeyStore(path: path)
        defer { store.close() }
        let one = try record()
        try await store.insert(one)
        for (now, noted) in [(1000, 1000), (60_999, 1000), (61_000, 61_000)] as [(Int64, Int64)] {
            store.noteUse(of: try #require(try store.record(hash: one.hash)), now: now)
            // Writes take effect in order, and this one waits for its own.
            _ = try await store.revoke(one.id, now: 1)
            #expect(try store.record(hash: one.hash)?.lastUsedAt == noted)
        }
    }

    @Test("the file holds no key")
    func blind() async throws {
        let store = try SQLiteAPIKeyStore(path: path)
        let key = APIKey.random()
        var one = try record()
        one.hash = key.hash
        try await store.insert(one)
        store.close()
        let bytes = try #require(try StateFolder.read(path))
        #expect(bytes.firstRange(of: key.hash) != nil)
        #expect(key.withText { bytes.firstRange(of: Array($0.utf8)) } == nil)
    }
}
