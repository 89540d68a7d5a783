import KinEncoding
import KinTesting
import KinWire
import Testing

/// `Vectors/kindred/statements.json`: what the independent implementation wrote.
@Suite struct StatementVectorTests {
    static let file = "kindred/statements.json"

    @Test("a sound statement is read, and written again byte for byte", arguments: try Vector.list(file, "valid"))
    func valid(vector: Vector) throws {
        let statement = try StatementForm(vector)
        #expect(String(decoding: statement.unsigned, as: UTF8.self) == (try vector.text("unsigned")))
        #expect(String(decoding: statement.canonical, as: UTF8.self) == (try vector.text("canonical")))
        #expect(statement.domain == (try vector.text("domain")))
    }

    @Test("what is wrong in one way is refused", arguments: try Vector.list(file, "invalid"))
    func invalid(vector: Vector) throws {
        let bytes = try vector.has("bytes") ? vector.utf8("bytes") : vector.hex("bytes_hex")
        let kind = try vector.text("kind")
        let error = #expect(throws: WireError.self) { _ = try StatementForm(kind: kind, bytes: bytes) }
        #expect(error?.code == "invalid_message")
    }
}

/// Any statement, as its bytes.
private struct StatementForm {
    let unsigned: [UInt8]
    let canonical: [UInt8]
    let domain: String

    init(_ vector: Vector) throws {
        let kind = try vector.text("kind")
        if kind == "hello" {
            try self.init(hello: vector)
        } else {
            try self.init(kind: kind, bytes: vector.utf8("canonical"))
        }
    }

    /// A hello never travels signed: its canonical form has no `sig`.
    private init(hello vector: Vector) throws {
        guard case .object(var members) = try JSON.parseCanonical(vector.utf8("canonical")) else {
            throw MissingValue("hello")
        }
        members["sig"] = .string(try vector.text("signature"))
        let hello = try HelloStatement(json: .object(members))
        self.init(unsigned: hello.unsignedBytes(), canonical: hello.unsignedBytes(), domain: HelloStatement.domain)
    }

    init(kind: String, bytes: [UInt8]) throws {
        switch kind {
        case "certificate": self.init(try Certificate(canonical: bytes))
        case "issuer": self.init(try IssuerCertificate(canonical: bytes))
        case "rotation": self.init(try Rotation(canonical: bytes))
        case "revocation": self.init(try Revocation(canonical: bytes))
        case "succession": self.init(try Succession(canonical: bytes))
        case "settings": self.init(try MeshSettings(canonical: bytes))
        case "topic": self.init(try TopicList(canonical: bytes))
        case "receipt": self.init(try SealedMessage(canonical: bytes))
        case "record":
            let record = try RegistryRecord(json: bytes)
            self.init(
                unsigned: record.unsignedBytes(), canonical: record.canonicalBytes(), domain: RegistryRecord.domain)
        default: throw MissingValue("a statement of kind \(kind)")
        }
    }

    private init<S: Statement>(_ statement: S) {
        self.init(unsigned: statement.unsignedBytes(), canonical: statement.canonicalBytes(), domain: S.domain)
    }

    private init(unsigned: [UInt8], canonical: [UInt8], domain: String) {
        self.unsigned = unsigned
        self.canonical = canonical
        self.domain = domain
    }
}
