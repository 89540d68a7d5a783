import KinEncoding
import KinTesting
import KinWire
import Testing

/// `Vectors/kindred/joining.json`: what two who are paired say.
@Suite struct PairingMessageTests {
    @Test(
        "a pairing message of the vectors is read and written alike, or refused",
        arguments: try Vector.list("kindred/joining.json", "messages"))
    func vectors(vector: Vector) throws {
        let bytes = try vector.utf8("message")
        let message = try? PairingMessage(canonical: bytes)
        #expect((message != nil) == (try vector.bool("valid")))
        if let message { #expect(message.canonicalBytes() == bytes) }
    }

    @Test("more than a message of the channel holds is refused before it is looked at")
    func large() {
        #expect(throws: WireError.self) {
            try PairingMessage(canonical: [UInt8](repeating: 0x20, count: PairingMessage.maxBytes + 1))
        }
    }

    @Test("the largest of all fits into a message of the channel")
    func fits() {
        let sealed = [UInt8](repeating: 9, count: PairingMessage.maxSealed)
        #expect(PairingMessage.approval(sealed: sealed).canonicalBytes().count <= PairingMessage.maxBytes)
    }
}
