import KinEncoding
import KinTesting
import KinWire
import Testing

/// `Vectors/kindred/links.json`: what is said on links and while pairing.
@Suite struct LinkVectorTests {
    static let path = "kindred/links.json"

    @Test(
        "an opening of the vectors is read and written alike, or refused", arguments: try Vector.list(path, "openings"))
    func openings(vector: Vector) throws {
        let bytes = try vector.utf8("payload")
        let opening = try? LinkOpening(canonical: bytes)
        #expect((opening != nil) == (try vector.bool("valid")))
        if let opening { #expect(opening.canonicalBytes() == bytes) }
    }

    @Test("an answer of the vectors is read and written alike, or refused", arguments: try Vector.list(path, "answers"))
    func answers(vector: Vector) throws {
        let bytes = try vector.utf8("payload")
        let answer = try? LinkAnswer(canonical: bytes)
        #expect((answer != nil) == (try vector.bool("valid")))
        if let answer { #expect(answer.canonicalBytes() == bytes) }
    }

    @Test("a message of the vectors is read and written alike, or refused", arguments: try Vector.list(path, "records"))
    func records(vector: Vector) throws {
        let bytes = try vector.hex("head") + [UInt8](repeating: 0, count: Int(vector.integer("zeros")))
        let record = try? LinkRecord(bytes)
        #expect((record != nil) == (try vector.bool("valid")))
        if let record { #expect(record.encoded() == bytes) }
    }

    @Test("the prologue is the vectors'", arguments: try Vector.list(path, "prologues"))
    func prologues(vector: Vector) throws {
        let prologue = LinkOpening.prologue(
            mesh: try MeshID(vector.text("mesh")).orThrow("mesh"),
            target: try MachineID(vector.text("machine_id")).orThrow("machine id"))
        #expect(try Hex.encode(prologue) == vector.text("prologue"))
    }

    @Test("no two pairs of mesh and machine have one prologue", arguments: ["work", "work-2"])
    func prologueParts(slug: String) throws {
        let vector = try Vector.list(Self.path, "prologues")[0]
        let mesh = try MeshID(vector.text("mesh")).orThrow("mesh")
        let other = try MeshID(slug: slug, wallet: mesh.wallet).orThrow("mesh")
        let machines = try ["0123456789abcdef", "0123456789abcdee"].map { try MachineID($0).orThrow("machine id") }
        let prologues = [mesh, other].flatMap { mesh in
            machines.map { LinkOpening.prologue(mesh: mesh, target: $0) }
        }
        #expect(Set(prologues).count == 4)
    }

    @Test(
        "a pairing code of the vectors is read and written alike, or refused", arguments: try Vector.list(path, "codes")
    )
    func codes(vector: Vector) throws {
        let text = try vector.text("text")
        let code = try? PairingCode(text: text)
        #expect((code != nil) == (try vector.bool("valid")))
        guard let code else { return }
        #expect(try code.server == vector.text("server"))
        #expect(try Hex.encode(code.token) == vector.text("token"))
        #expect(code.text == text.filter { !$0.isWhitespace })
    }

    @Test("a code is not made for a server that would not be dialled, nor with another token")
    func notMade() {
        let token = [UInt8](repeating: 1, count: 16)
        #expect(throws: WireError.self) { try PairingCode(server: "http://kin.example", token: token) }
        #expect(throws: WireError.self) { try PairingCode(server: "https://kin.example", token: [1]) }
    }

    @Test("a code's token is in nothing that is printed")
    func redacted() throws {
        let code = try PairingCode(server: "https://kin.example", token: Array(0x41...0x50))
        for text in [
            "\(code)", String(describing: code), String(reflecting: code), "\(Mirror(reflecting: code).children.count)",
        ] {
            #expect(!text.contains("4142") && !text.contains("65, 66"))
        }
    }

    @Test("whatever bytes come, there is an answer")
    func anything() {
        var generator = SeededGenerator(seed: 7)
        for count in 0..<300 {
            let bytes = generator.bytes(count)
            #expect((try? LinkOpening(canonical: bytes)) == nil)
            #expect((try? LinkAnswer(canonical: bytes)) == nil)
            #expect((try? PairingCode(text: String(decoding: bytes, as: UTF8.self))) == nil)
            if let record = try? LinkRecord(bytes) { #expect(record.encoded() == bytes) }
        }
    }
}
