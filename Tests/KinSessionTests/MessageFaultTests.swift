import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@testable import KinSession

/// Each way in which a pushed message can be wrong, and the fault it earns.
@Suite struct MessageFaultTests {
    private func fault(_ letter: Letter, _ body: [UInt8], header: Push? = nil, now: Int64? = nil) -> MessageFault? {
        #expect(throws: MessageFault.self) { try letter.open(body, header: header, now: now) }
    }

    // MARK: Who and to whom

    @Test("a message cannot be reflected to its sender as if from its recipient")
    func reflected() async throws {
        let letter = try await Letter.fresh()
        var back = try Letter(from: letter.recipient, to: letter.sender)
        back.message = letter.message
        #expect(fault(back, try letter.sealed()) == .misaddressed)
    }

    @Test("a recipient cannot pass a message on as if the sender had written to another")
    func readdressed() async throws {
        let family = try TestFamily()
        let (sender, recipient, third) = try await (family.device(), family.device(), family.device())
        let letter = try Letter(from: sender, to: recipient)
        var passedOn = try Letter(from: sender, to: third)
        passedOn.message = letter.message
        #expect(fault(passedOn, try letter.sealed()) == .doesNotOpen)
        // Even with the sender's X25519 key, and the sender's own signature:
        #expect(fault(passedOn, try passedOn.forged(signer: sender.keys.signing)) == .misaddressed)
    }

    @Test("one member cannot speak in another's name")
    func otherSender() async throws {
        let family = try TestFamily()
        let (sender, recipient, third) = try await (family.device(), family.device(), family.device())
        let letter = try Letter(from: sender, to: recipient)
        var claimed = try Letter(from: third, to: recipient)
        claimed.message = letter.message
        #expect(fault(claimed, try claimed.forged(signer: third.keys.signing)) == .misaddressed)
        #expect(fault(claimed, try letter.sealed()) == .doesNotOpen)
    }

    @Test("a message of another mesh is not taken")
    func otherMesh() async throws {
        var letter = try await Letter.fresh()
        letter.message.mesh = try MeshID(slug: "other", wallet: letter.message.mesh.wallet).orThrow("mesh")
        #expect(fault(letter, try letter.sealed()) == .misaddressed)
    }

    @Test("a message to a topic is no direct message")
    func topic() async throws {
        var letter = try await Letter.fresh()
        letter.message.recipient = "#release"
        #expect(fault(letter, try letter.sealed()) == .misaddressed)
    }

    static let headerChanges: [(String, @Sendable (inout Push) -> Void)] = [
        ("client_message_id", { $0.clientMessageID = ClientMessageID("letter-2") ?? $0.clientMessageID }),
        ("sender", { $0.sender = ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10)) }),
        ("line", { $0.line[7] ^= 1 }), ("seq", { $0.seq += 1 }), ("priority", { $0.priority = .now }),
        ("destination", { $0.destination = .dm(ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10))) }),
        ("topic", { $0.destination = TopicName("release").map { .topic($0) } ?? $0.destination }),
    ]

    @Test("a header whose facts differ from the sealed ones is refused", arguments: headerChanges.indices)
    func alteredHeader(index: Int) async throws {
        let letter = try await Letter.fresh()
        let (name, change) = Self.headerChanges[index]
        var header = letter.header
        change(&header)
        #expect(header != letter.header)
        #expect(fault(letter, try letter.sealed(), header: header) == .misaddressed, "\(name)")
    }

    @Test("what the broker alone says may differ: its id and its time")
    func brokersWord() async throws {
        let letter = try await Letter.fresh()
        var header = letter.header
        header.brokerMessageID = 99
        header.sentAt = 5
        #expect(try letter.open(letter.sealed(), header: header).body == "hello")
    }

    // MARK: Signatures

    @Test("whoever has only the X25519 keys cannot forge a message")
    func wrongSigner() async throws {
        let letter = try await Letter.fresh()
        #expect(try letter.open(letter.forged(signer: letter.sender.keys.signing)).body == "hello")
        for signer in [letter.recipient.keys.signing, .random(), letter.sender.keys.issuing] {
            #expect(fault(letter, try letter.forged(signer: signer)) == .badSignature)
        }
    }

    @Test("an unsigned message is none")
    func unsigned() async throws {
        let letter = try await Letter.fresh()
        #expect(fault(letter, try letter.forged(signer: nil)) == .malformed)
    }

    @Test("nothing signed can be changed after signing")
    func changedAfterSigning() async throws {
        var letter = try await Letter.fresh()
        let signed = letter.message.signed(by: letter.sender.keys.signing)
        letter.message = signed
        letter.message.body = "goodbye"
        #expect(fault(letter, try letter.forged(signer: nil)) == .badSignature)
        letter.message = signed
        letter.message.revocationHead.count = 9
        #expect(fault(letter, try letter.forged(signer: nil)) == .badSignature)
    }

    // MARK: Time

    @Test("a message older than 45 days is refused, one of 45 days is not")
    func old() async throws {
        let letter = try await Letter.fresh()
        let sealed = try letter.sealed()
        let limit = letter.now + 45 * 86_400_000
        #expect(try letter.open(sealed, now: limit).body == "hello")
        #expect(fault(letter, sealed, now: limit + 1) == .wrongTime)
    }

    @Test("a message dated more than 5 minutes ahead is refused")
    func ahead() async throws {
        let letter = try await Letter.fresh()
        let sealed = try letter.sealed()
        #expect(try letter.open(sealed, now: letter.now - 300_000).body == "hello")
        #expect(fault(letter, sealed, now: letter.now - 300_001) == .wrongTime)
    }

    @Test("a message is refused from the moment it expires")
    func expired() async throws {
        var letter = try await Letter.fresh()
        letter.message.expiresAt = letter.now + 1000
        let sealed = try letter.sealed()
        #expect(try letter.open(sealed, now: letter.now + 999).body == "hello")
        #expect(fault(letter, sealed, now: letter.now + 1000) == .expired)
    }

    // MARK: Bytes

    @Test("no beginning of a sealed message opens")
    func truncated() async throws {
        let letter = try await Letter.fresh()
        let sealed = try letter.sealed()
        for count in 0..<sealed.count {
            let fault = fault(letter, Array(sealed.prefix(count)))
            #expect(fault == (count <= 40 ? .malformed : .doesNotOpen))
        }
    }

    @Test("no bit of a sealed message can be flipped")
    func flipped() async throws {
        let letter = try await Letter.fresh()
        let sealed = try letter.sealed()
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1 << UInt8(index % 8)
            #expect(fault(letter, changed) == .doesNotOpen)
        }
    }

    @Test("noise does not open")
    func noise() async throws {
        let letter = try await Letter.fresh()
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<200 {
            let fault = fault(letter, generator.bytes(generator.number(in: 0..<2_000)))
            #expect(fault == .malformed || fault == .doesNotOpen)
        }
    }

    @Test("what opens but is no message is malformed")
    func malformed() async throws {
        let letter = try await Letter.fresh()
        let inner = letter.message.signed(by: letter.sender.keys.signing).canonicalBytes()
        let unpadded = inner + [UInt8](repeating: 0, count: 1024 - inner.count)
        let wrongBlock = Padding.pad(inner, blockSize: 100)
        let notCanonical = MessagePadding.pad([UInt8(ascii: " ")] + inner)
        let empty = MessagePadding.pad([])
        for padded in [unpadded, wrongBlock, notCanonical, empty, [1], MessagePadding.pad(Array("{}".utf8))] {
            let body = try Letter.sealed(
                padded: padded, from: letter.sender.keys.sealing, to: letter.recipient.keys.sealing.publicKey)
            #expect(fault(letter, body) == .malformed)
        }
    }
}
