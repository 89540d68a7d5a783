import KinEncoding
import KinTesting
import KinWire
import Testing

/// Who may use a topic: the tables of `Vectors/kindred/topics.json`.
@Suite struct TopicRightsTests {
    private static let file = "kindred/topics.json"
    private static let bearer = ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10))
    private static let other = ULID(milliseconds: 2, randomness: [UInt8](repeating: 2, count: 10))

    @Test("role, scopes and list decide as the vectors say")
    func rights() throws {
        let cases = try Vector.list(Self.file, "rights")
        #expect(cases.count == 216)
        for vector in cases {
            let topic = try TopicName(vector.text("topic")).orThrow("topic")
            let list: TopicList? =
                switch try vector.json("list") {
                case .bool(let isNamed):
                    try Self.list(topic, by: Self.other, naming: isNamed ? Self.bearer : Self.other)
                default: nil
                }
            let allowed = TopicRights.allow(try Self.certificate(vector), topic, list: list)
            #expect(allowed == (try vector.bool("allowed")), "\(vector)")
        }
    }

    @Test("who made a topic and owners sign its next list, and nobody else")
    func settings() throws {
        let cases = try Vector.list(Self.file, "settings")
        #expect(cases.count == 8)
        for vector in cases {
            let topic = try TopicName("build").orThrow("topic")
            let creator = try vector.bool("creator") ? Self.bearer : Self.other
            let known = try Self.list(topic, by: creator, naming: Self.bearer)
            let allowed = TopicRights.allowSetting(try Self.certificate(vector), after: known)
            #expect(allowed == (try vector.bool("allowed")), "\(vector)")
        }
    }

    @Test(
        "of several lists the one of the vectors holds, whichever is known first",
        arguments: try Vector.list(file, "orders"))
    func order(vector: Vector) throws {
        guard case .array(let items) = try vector.json("lists") else { throw MissingValue("lists") }
        let lists = try items.map { item in
            guard case .string(let text) = item else { throw MissingValue("a list") }
            return try TopicList(canonical: Array(text.utf8))
        }
        for order in [lists, lists.reversed()] {
            let newest = order.dropFirst().reduce(order[0]) { $1.isNewer(than: $0) ? $1 : $0 }
            #expect(String(decoding: newest.canonicalBytes(), as: UTF8.self) == (try vector.text("holds")))
        }
        for list in lists { #expect(!list.isNewer(than: list)) }
    }

    @Test(
        "the body of a daemon's message about topics is read as it was written, or refused",
        arguments: try Vector.list(file, "bodies"))
    func bodies(vector: Vector) throws {
        let bytes = try vector.utf8("body")
        let kind = try vector.text("kind")
        guard try vector.bool("valid") else {
            let error = #expect(throws: WireError.self) { _ = try Self.rewritten(bytes, as: kind) }
            #expect(error?.code == "invalid_message")
            return
        }
        #expect(try Self.rewritten(bytes, as: kind) == bytes)
    }

    private static func rewritten(_ bytes: [UInt8], as kind: String) throws -> [UInt8] {
        switch kind {
        case "topic-keys": try TopicKeys(canonical: bytes).canonicalBytes()
        case "topic-keys-get": try TopicKeysGet(canonical: bytes).canonicalBytes()
        case "profile": try Profile(canonical: bytes).canonicalBytes()
        default: throw MissingValue("a body of kind \(kind)")
        }
    }

    /// Of the role and scopes of a vector.
    private static func certificate(_ vector: Vector) throws -> Certificate {
        var scopes: [Scope] = []
        if vector.has("scopes"), case .array(let items) = try vector.json("scopes") {
            scopes = try items.map { item in
                guard case .string(let text) = item else { throw MissingValue("a scope") }
                return try Scope(text).orThrow("scope")
            }
        }
        return Certificate(
            mesh: try mesh(), member: bearer, machineID: try MachineID("0123456789abcdef").orThrow("machine id"),
            ed25519: [], x25519: [], role: try Role(vector.text("role")).orThrow("role"), scopes: scopes, issuedAt: 0,
            issuer: .wallet)
    }

    private static func list(_ topic: TopicName, by creator: ULID, naming member: ULID) throws -> TopicList {
        TopicList(
            mesh: try mesh(), topic: topic, creator: creator, seq: 1, members: [member], member: creator, at: 0)
    }

    private static func mesh() throws -> MeshID {
        .home(of: try WalletAddress(bytes: [UInt8](repeating: 7, count: 32)).orThrow("wallet address"))
    }
}
