import KinEncoding
import KinTesting
import KinWire
import Testing

@Suite struct ChainFormTests {
    @Test(
        "a chain that can be read is written again byte for byte",
        arguments: try Vector.list("kindred/chains.json", "cases"))
    func roundTrip(vector: Vector) throws {
        let bytes = try vector.utf8("chain_text")
        guard let chain = try? Chain(canonical: bytes) else {
            #expect(try vector.bool("valid") == false)
            return
        }
        #expect(chain.canonicalBytes() == bytes)
        #expect(try Chain(json: vector.json("chain")) == chain)
    }

    static let shapes = [
        "issuer certificate alone", "rotation alone", "empty", "7 rotations", "issued, 7 rotations, 9 statements",
        "two certificates", "two issuer certificates", "certificate before its issuer",
        "rotation before the certificate",
        "revocation at the end", "guest without expiry", "unknown field, signed", "unknown scope, signed",
    ]

    @Test("a chain of another shape is refused before any signature is looked at", arguments: shapes)
    func otherShape(name: String) throws {
        let cases = try Vector.list("kindred/chains.json", "cases")
        let vector = try cases.first { $0.name == name }.orThrow(name)
        let error = #expect(throws: WireError.self) { try Chain(canonical: vector.utf8("chain_text")) }
        #expect(error?.code == "invalid_message")
    }

    @Test("its keys are listed newest first")
    func keys() throws {
        let cases = try Vector.list("kindred/chains.json", "cases")
        let vector = try cases.first { $0.name == "6 rotations" }.orThrow("6 rotations")
        let chain = try Chain(canonical: vector.utf8("chain_text"))
        #expect(chain.ed25519Keys.count == 7 && chain.x25519Keys.count == 7)
        #expect(chain.ed25519Keys.first == (try vector.hex("ed25519")))
        #expect(chain.x25519Keys.first == (try vector.hex("x25519")))
        #expect(chain.ed25519Keys.last == chain.certificate.ed25519)
        #expect(chain.x25519Keys.last == chain.certificate.x25519)
    }
}
