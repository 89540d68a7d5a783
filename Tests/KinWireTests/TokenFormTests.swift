import KinEncoding
import KinTesting
import KinWire
import Testing

/// `Vectors/kindred/tokens.json`: the forms of tokens.
@Suite struct TokenFormTests {
    static let file = "kindred/tokens.json"

    @Test("a token is read into its parts and written again", arguments: try Vector.list(file, "minted"))
    func minted(vector: Vector) throws {
        let token = try AuthToken(vector.text("token"))
        #expect(token.keyID == (try vector.hex("key_id")))
        #expect(token.timestamp == (try vector.integer("timestamp")))
        #expect(token.nonce == (try vector.hex("nonce")))
        #expect(token.text == (try vector.text("token")))
        let signed = AuthToken.signedBytes(
            audience: .server(origin: try vector.text("audience")), keyID: token.keyID, timestamp: token.timestamp,
            nonce: token.nonce)
        #expect(signed == (try vector.hex("signed")))
    }

    @Test("a bare token is read into its parts and written again", arguments: try Vector.list(file, "bare"))
    func bare(vector: Vector) throws {
        let token = try BareToken(vector.text("token"))
        #expect(token.timestamp == (try vector.integer("timestamp")))
        #expect(token.text == (try vector.text("token")))
    }

    @Test("what has not the form is malformed", arguments: try Vector.list(file, "malformed"))
    func malformed(vector: Vector) throws {
        let text = try vector.text("token")
        #expect(throws: TokenFault.malformed) { try AuthToken(text) }
        #expect(throws: TokenFault.malformed) { try BareToken(text) }
    }

    @Test("a device's audience is device: and its machine id")
    func device() throws {
        let machine = try #require(MachineID("0123456789abcdef"))
        #expect(TokenAudience.device(machine).description == "device:0123456789abcdef")
        #expect(TokenAudience.server(origin: "https://kin.example").description == "https://kin.example")
    }

    @Test("an audience has 1 to 65,535 bytes", arguments: [(0, false), (1, true), (65_535, true), (65_536, false)])
    func audience(count: Int, fits: Bool) {
        let audience = TokenAudience.server(origin: String(repeating: "x", count: count))
        let signed = AuthToken.signedBytes(audience: audience, keyID: [], timestamp: 0, nonce: [])
        #expect(signed?.count == (fits ? count + 10 : nil))
    }

    @Test("any bytes of the right length read as a token that writes itself again; nothing traps")
    func total() throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            var bytes = random.bytes(120)
            bytes[32] = 0
            bytes[33] &= 0x1f
            let text = AuthToken.prefix + Base64URL.encode(bytes)
            #expect(try AuthToken(text).text == text)
            var letters = Array(text.utf8)
            letters[random.number(in: 0..<letters.count)] = random.bytes(1)[0]
            let mutated = String(decoding: letters.prefix(random.number(in: 0..<200)), as: UTF8.self)
            if let token = try? AuthToken(mutated) { #expect(token.text == mutated) }
            if let token = try? BareToken(mutated) { #expect(token.text == mutated) }
        }
    }

    @Test("a member's full name reads back, and nothing else does")
    func meshMember() throws {
        let mesh = MeshID.home(of: try #require(WalletAddress(bytes: [UInt8](repeating: 9, count: 32))))
        let member = MeshMember(mesh: mesh, member: ULID(milliseconds: 5, randomness: [UInt8](repeating: 1, count: 10)))
        #expect(MeshMember(member.description) == member)
        for text in ["", "@", member.member.description, mesh.description, "\(member)@x"] {
            #expect(MeshMember(text) == nil)
        }
    }
}
