import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@testable import KinSession

@Suite struct DirectSealerTests {
    @Test(
        "what one device seals, the other opens, signed",
        arguments: ["", "hello", "zeilenweise\n😀\u{0}", String(repeating: "x", count: 60_000)])
    func roundTrip(body: String) async throws {
        var letter = try await Letter.fresh(body: body)
        letter.message.meta = .object(["k": .array([.integer(1), .null])])
        letter.message.replyTo = ClientMessageID("before")
        letter.message.expiresAt = letter.now + 1
        let opened = try letter.open(letter.sealed())
        #expect(opened == letter.message.signed(by: letter.sender.keys.signing))
        #expect(opened.body == body)
    }

    @Test("the same message sealed twice has nothing in common but its length")
    func nonces() async throws {
        let letter = try await Letter.fresh()
        let (first, second) = try (letter.sealed(), letter.sealed())
        #expect(first.count == second.count)
        #expect(first.prefix(24) != second.prefix(24))
        #expect(first.suffix(100) != second.suffix(100))
    }

    @Test("the length of the sealed form is known beforehand")
    func sealedCount() async throws {
        var letter = try await Letter.fresh()
        for count in Array(0..<70) + [300, 301, 363, 364, 365, 1_300, 1_387, 1_388, 1_389, 5_000, 65_000] {
            letter.message.body = String(repeating: "a", count: count)
            #expect(try letter.sealed().count == DirectSealer.sealedCount(of: letter.message))
        }
    }

    @Test("a sender that rotated is read by its earlier keys too")
    func rotatedSender() async throws {
        let letter = try await Letter.fresh()
        let sealed = try letter.sealed()
        let rotated = letter.sender.rotated().rotated()
        let opened = try DirectSealer(chain: letter.recipient.chain, keys: letter.recipient.keys).open(
            sealed, header: letter.header, from: rotated.verified(), now: letter.now)
        #expect(opened.body == "hello")
    }

    @Test("a message is sealed to the recipient's newest key")
    func rotatedRecipient() async throws {
        let family = try TestFamily()
        let device = try await family.device()
        let letter = try await Letter(from: family.device(), to: device.rotated())
        #expect(try letter.open(letter.sealed()).body == "hello")
        let fault = #expect(throws: MessageFault.self) {
            try DirectSealer(chain: device.chain, keys: device.keys).open(
                letter.sealed(), header: letter.header, from: letter.sender.verified(), now: letter.now)
        }
        #expect(fault == .doesNotOpen)
    }

    @Test("one sealer serves many threads")
    func threads() async throws {
        let family = try TestFamily()
        let recipient = try await family.device()
        let sealer = DirectSealer(chain: recipient.chain, keys: recipient.keys)
        var letters: [(Letter, VerifiedMember, [UInt8])] = []
        for _ in 0..<4 {
            let letter = try await Letter(from: family.device(), to: recipient)
            letters.append((letter, try letter.sender.verified(), try letter.sealed()))
        }
        try await withThrowingTaskGroup(of: String.self) { group in
            for turn in 0..<64 {
                let (letter, sender, sealed) = letters[turn % 4]
                group.addTask { try sealer.open(sealed, header: letter.header, from: sender, now: letter.now).body }
            }
            for try await body in group { #expect(body == "hello") }
        }
    }
}
