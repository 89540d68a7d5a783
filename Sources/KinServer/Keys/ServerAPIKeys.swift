import Foundation
import KinBrokerSQLite
import KinCrypto
import KinEncoding
public import KinIdentity
import KinKeyStore
import KinSQLite
public import KinWire

/// The API keys of a server, by its data folder. Works beside a running server, which sees every change with its next look: within 100 ms also while a
/// request is being read.
public struct ServerAPIKeys: Sendable {
    private let data: String
    private let store: SQLiteAPIKeyStore

    static func path(in data: String) -> String { data + "/apikeys.db" }

    /// - Parameter data: the server's data folder.
    /// - Throws: `no_server_data` where there is none; `loose_mode`, `store_…`.
    public init(data: String) throws {
        guard access(data, F_OK) == 0 else {
            throw KinError(
                "no_server_data", "\(data) is not there: run  kin serve  once, or name its folder with --data",
                category: .notFound)
        }
        try StateFolder.prepareFolder(data)
        self.data = data
        do {
            store = try SQLiteAPIKeyStore(path: Self.path(in: data))
        } catch let error as StoreError {
            throw KinError(error.code.rawValue, error.message)
        }
    }

    public func close() { store.close() }

    /// What a new key is for.
    public struct Request: Sendable {
        public var member: ULID?
        /// nil: found by the member, where one mesh alone knows it.
        public var mesh: MeshID?
        public var scopes: [APIScope]
        public var description: String
        /// Milliseconds; nil: until it is revoked.
        public var lifetime: Int64?

        public init(
            member: ULID? = nil, mesh: MeshID? = nil, scopes: [APIScope], description: String = "",
            lifetime: Int64? = nil
        ) {
            self.member = member
            self.mesh = mesh
            self.scopes = scopes
            self.description = description
            self.lifetime = lifetime
        }
    }

    /// Makes a key. It cannot be had again: only its hash is kept.
    /// - Parameter now: milliseconds.
    /// - Throws: `member_unknown`, `mesh_required`, `member_required`, `scope_required`, `description_too_long`.
    public func make(_ request: Request, now: Int64) async throws -> (key: APIKey, record: APIKeyRecord) {
        guard !request.scopes.isEmpty else {
            throw KinError("scope_required", "a key needs a scope: --member ID  lets it send", category: .usage)
        }
        guard request.description.utf8.count <= APIKeyRecord.maxDescription else {
            throw KinError(
                "description_too_long", "a description is at most \(APIKeyRecord.maxDescription) bytes",
                category: .usage)
        }
        if request.scopes.contains(.send), request.member == nil {
            throw KinError(
                "member_required",
                "a key that sends is bound to a member: add  --member ID , as  kin peers --json  has it",
                category: .usage)
        }
        let key = APIKey.random()
        let (end, overflows) = now.addingReportingOverflow(request.lifetime ?? 0)
        let record = APIKeyRecord(
            id: ULID(milliseconds: now, randomness: Random.bytes(10)), hash: key.hash, member: try member(of: request),
            scopes: Set(request.scopes).sorted { $0.rawValue < $1.rawValue }, description: request.description,
            createdAt: now, expiresAt: request.lifetime == nil || overflows ? nil : end)
        try await store.insert(record)
        return (key, record)
    }

    /// Oldest first, revoked and expired ones too.
    public func all() throws -> [APIKeyRecord] { try store.all() }

    /// - Throws: `api_key_unknown`.
    public func revoke(_ id: ULID, now: Int64) async throws -> APIKeyRecord {
        guard let record = try await store.revoke(id, now: now) else {
            throw KinError("api_key_unknown", "no key \(id) is here:  kin apikey list  shows all", category: .notFound)
        }
        return record
    }

    private func member(of request: Request) throws -> MeshMember? {
        guard let member = request.member else { return nil }
        if let mesh = request.mesh { return MeshMember(mesh: mesh, member: member) }
        let meshes = try StoredMembers.meshes(of: member, in: data + "/broker.db")
        guard let mesh = meshes.first else {
            throw KinError(
                "member_unknown",
                "no member \(member) has been here: let its daemon connect once, or add  --mesh SLUG@WALLET",
                category: .notFound)
        }
        guard meshes.count == 1 else {
            throw KinError(
                "mesh_required", "several meshes have a member \(member): add  --mesh SLUG@WALLET", category: .usage)
        }
        return MeshMember(mesh: mesh, member: member)
    }
}
