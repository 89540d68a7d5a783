import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinMailbox

/// What is kept of shared files.
@Suite struct FileStoreTests {
    private let folder: TemporaryFolder
    private let store: FileStore
    private let mesh: MeshID

    init() throws {
        folder = try TemporaryFolder()
        store = try FileStore.open(path: folder.file("files.db"), now: 1).store
        mesh = try TestFamily().mesh
    }

    private func share(
        _ number: UInt8, _ status: ShareRow.Status, expiresAt: Int64? = nil, key: [UInt8]? = nil
    ) async throws -> ULID {
        let id = ULID(milliseconds: Int64(number), randomness: [UInt8](repeating: number, count: 10))
        var row = ShareRow(
            id: id, destination: .topic(.everybody),
            source: .init(path: "/a", size: 1, device: 1, inode: 1, modifiedAt: 1),
            name: try FileName("a").orThrow("a name"), key: key ?? [UInt8](repeating: number, count: 32), createdAt: 5)
        row.status = status
        row.expiresAt = expiresAt
        row.lastError = nil
        try await store.add(row)
        return id
    }

    @Test(
        "what is at the server is to be brought to another store, but not what is over, deleted, dead or of another mesh"
    )
    func moved() async throws {
        let kept = try await share(1, .sent, expiresAt: 2_000)
        let persistent = try await share(2, .sent)
        _ = try await share(3, .sent, expiresAt: 1_000)
        _ = try await share(4, .deleted, key: [])
        _ = try await share(5, .dead, key: [])
        _ = try await share(6, .sent, key: [])
        let count = { try await store.moved(to: $0, of: $1, lastMessageID: $2, now: 1_000) }
        #expect(try await count([1], mesh, 9) == 0, "the first is no other")
        #expect(try await count([1], mesh, 10) == 0)
        #expect(try await count([2], mesh, 4) == 2)
        #expect(try store.waiting().map(\.id) == [kept, persistent])
        #expect(try store.waiting().allSatisfy { $0.triedSince == 1_000 && $0.attempts == 0 })
        _ = try await share(1, .sent, expiresAt: 2_000)
        #expect(try await count([2], mesh, 3) == 1, "an older copy of it")
        _ = try await share(1, .sent, expiresAt: 2_000)
        #expect(try await count([3], try TestFamily().mesh, 9) == 0, "sealed for the mesh before")
    }

    @Test("the key of what is at the server no more is erased")
    func keys() async throws {
        let over = try await share(1, .sent, expiresAt: 1_000)
        let there = try await share(2, .sent, expiresAt: 1_001)
        try await store.keep(now: 1_000)
        #expect(try store.row(over)?.key == [] && store.row(there)?.key.count == 32)
    }
}
