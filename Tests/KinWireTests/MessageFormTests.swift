import KinEncoding
import KinTesting
import KinWire
import Testing

/// The inner forms of `Vectors/kindred/messages.json`.
@Suite struct MessageFormTests {
    static let file = "kindred/messages.json"

    @Test("a sound inner form is read, and written again byte for byte", arguments: try Vector.list(file, "valid"))
    func valid(vector: Vector) throws {
        let bytes = try vector.utf8("inner")
        #expect(try SealedMessage(canonical: bytes).canonicalBytes() == bytes)
    }

    @Test("an inner form that is wrong in one way is refused", arguments: try Vector.list(file, "invalid"))
    func invalid(vector: Vector) throws {
        let bytes = try vector.utf8("inner")
        let error = #expect(throws: WireError.self) { try SealedMessage(canonical: bytes) }
        #expect(error?.code == "invalid_message")
    }

    @Test("a receipt's body is read as it was written, or refused", arguments: try Vector.list(file, "receipts"))
    func receipts(vector: Vector) throws {
        let bytes = try vector.utf8("body")
        guard try vector.bool("valid") else {
            let error = #expect(throws: WireError.self) { try Receipt(canonical: bytes) }
            #expect(error?.code == "invalid_message")
            return
        }
        let receipt = try Receipt(canonical: bytes)
        #expect(receipt.canonicalBytes() == bytes)
        #expect(receipt.at == (try vector.integer("at")))
        #expect(receipt.kind.rawValue == (try vector.text("kind")))
        #expect(JSON.array(receipt.ids.map { .string($0.description) }) == (try vector.json("ids")))
        #expect(receipt.reason == (receipt.kind == .refused ? try vector.text("reason") : nil))
    }

    @Test("a request's facts have one form each", arguments: try Vector.list(file, "fingerprints"))
    func facts(vector: Vector) throws {
        #expect(try RequestFacts(vector).canonicalBytes() == (try vector.utf8("canonical")))
    }

    @Test("no damage to an inner form traps its reader, and what is read is written alike")
    func damaged() throws {
        let forms = try Vector.list(Self.file, "valid").map { try $0.utf8("inner") }.filter { $0.count < 4096 }
        var mutation = Mutation(seed: 6, alphabet: FrameFuzzTests.alphabet)
        var read = 0
        for index in 0..<3_000 {
            let bytes = mutation.damage(forms[index % forms.count])
            guard let message = try? SealedMessage(canonical: bytes) else { continue }
            read += 1
            #expect(message.canonicalBytes() == bytes)
        }
        #expect(read > 0)
    }
}

extension RequestFacts {
    /// The facts behind a fingerprint's canonical form.
    init(_ vector: Vector) throws {
        guard case .object(let facts) = try JSON.parse(vector.utf8("canonical")) else {
            throw MissingValue("facts")
        }
        func text(_ name: String) -> String? { if case .string(let text)? = facts[name] { text } else { nil } }
        let kind = try text("kind").orThrow("kind")
        var expiresIn: Int64?
        if case .integer(let value)? = facts["expires_in"] { expiresIn = value }
        var mentions: [DeviceName]?
        if case .array(let names)? = facts["mentions"] {
            mentions = names.compactMap { if case .string(let name) = $0 { DeviceName(name) } else { nil } }
        }
        try self.init(
            clientMessageID: ClientMessageID(text("client_message_id") ?? "").orThrow("client_message_id"),
            destination: Destination(kind: kind, ref: text("ref") ?? "").orThrow("destination"),
            replyTo: text("reply_to").flatMap { ClientMessageID($0) },
            priority: Priority(rawValue: text("priority") ?? "").orThrow("priority"), mentions: mentions,
            expiresIn: expiresIn, meta: facts["meta"] == .null ? nil : facts["meta"],
            bodySHA256: Hex.decode(text("body_sha256") ?? ""))
    }
}
