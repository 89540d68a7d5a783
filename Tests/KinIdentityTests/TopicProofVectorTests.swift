import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

/// The lists of private topics in `Vectors/kindred/topics.json`, with who signed them.
@Suite struct TopicProofVectorTests {
    @Test(
        "a list is believed, or refused for its fault", arguments: try Vector.list("kindred/topics.json", "proofs"))
    func proofs(vector: Vector) throws {
        let proof = try TopicProof(json: JSON.parseCanonical(vector.utf8("proof")))
        #expect(proof.json.canonicalBytes() == (try vector.utf8("proof")))
        let mesh = try MeshID(vector.text("mesh")).orThrow("mesh")
        let now = try vector.integer("now")
        guard case .string(let why) = try vector.json("why") else {
            #expect(try proof.verify(in: mesh, now: now).member == proof.list.member)
            return
        }
        let fault = #expect(throws: TopicFault.self) { try proof.verify(in: mesh, now: now) }
        #expect(fault?.rawValue == why)
    }
}
