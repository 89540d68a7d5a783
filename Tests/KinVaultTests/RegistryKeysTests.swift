import KinCrypto
import KinEncoding
import KinTesting
import KinVault
import Testing

@Suite struct RegistryKeysTests {
    @Test("the published key opens and makes the published record")
    func published() throws {
        let vector = try Vectors.json("published/registry.json")
        let keys = try RegistryKeys.derive(entropy: SecretBytes(hex: vector["secret"].text))
        #expect(keys.recordKey.hex == vector["key"].text)

        let blob = try Hex.decode(vector["blob"].text)
        let (nonce, machine) = (try Hex.decode(vector["nonce"].text), Array(vector["machine_id"].text.utf8))
        #expect(Array(blob.prefix(12)) == nonce)
        let record = try ChaChaPoly.open(blob.dropFirst(12), key: keys.recordKey, nonce: nonce, authenticating: machine)
        #expect(String(decoding: record, as: UTF8.self) == vector["record"].text)
        #expect(
            nonce + (try ChaChaPoly.seal(record, key: keys.recordKey, nonce: nonce, authenticating: machine)) == blob)
    }

    @Test("a record does not open in another machine's slot")
    func otherMachine() throws {
        let vector = try Vectors.json("published/registry.json")
        let keys = try RegistryKeys.derive(entropy: SecretBytes(hex: vector["secret"].text))
        let blob = try Hex.decode(vector["blob"].text)
        #expect(throws: CryptoError.self) {
            try ChaChaPoly.open(
                blob.dropFirst(12), key: keys.recordKey, nonce: Array(blob.prefix(12)),
                authenticating: Array("a1b2c3d4e5f60719".utf8))
        }
    }

    @Test("box and route are those that an independent implementation derives")
    func labels() throws {
        let vector = try Vectors.json("published/registry.json")
        let keys = try RegistryKeys.derive(entropy: SecretBytes(hex: vector["secret"].text))
        #expect(
            Hex.encode(keys.box.publicKey.bytes) == "8938e81f00965b774516ee20bdcb231c1e98d13f61c32507ea337ca546523635")
        #expect(keys.routeID == "8fbf8ovmfr3XHG6QcqdAESpwXtAkyPzgCq6MTQshs2Y1")
    }

    @Test("one phrase has one set of keys, of any length of phrase", arguments: [16, 20, 24, 28, 32])
    func stable(count: Int) throws {
        let entropy = SecretBytes.random(count: count)
        let (first, second) = (try RegistryKeys.derive(entropy: entropy), try RegistryKeys.derive(entropy: entropy))
        #expect(first.routeID == second.routeID)
        #expect(first.recordKey == second.recordKey)
        #expect(try RegistryKeys.derive(entropy: .random(count: count)).routeID != first.routeID)
    }
}
