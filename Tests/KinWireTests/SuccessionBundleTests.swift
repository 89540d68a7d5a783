import KinTesting
import KinWire
import Testing

@Suite struct SuccessionBundleTests {
    private static let file = "kindred/messages.json"

    @Test("it is read as it was written, or refused", arguments: try Vector.list(file, "successions"))
    func forms(vector: Vector) throws {
        let bytes = try vector.utf8("body")
        guard try vector.bool("valid") else {
            let error = #expect(throws: WireError.self) { try SuccessionBundle(canonical: bytes) }
            #expect(error?.code == "invalid_message")
            return
        }
        #expect(try SuccessionBundle(canonical: bytes).canonicalBytes() == bytes)
    }

    @Test("members get it without the secrets of owners")
    func withoutSecrets() throws {
        let vectors = try Vector.list(Self.file, "successions")
        var bundle = try SuccessionBundle(canonical: vectors[0].utf8("body"))
        #expect(bundle.wallet.recordKey != nil && bundle.wallet.boxSecret != nil)
        bundle.wallet = bundle.wallet.withoutSecrets
        #expect(bundle.wallet.recordKey == nil && bundle.wallet.boxSecret == nil)
        #expect(try bundle.canonicalBytes() == vectors[1].utf8("body"))
    }
}
