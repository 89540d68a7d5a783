import KinCrypto
import KinEncoding
import KinTesting
import Testing

@Suite struct BoxTests {
    static let plaintext =
        "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffc"
        + "e5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb31"
        + "0e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde"
        + "048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f93776384864" + "5e0705"
    static let box =
        "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce"
        + "48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c972"
        + "71d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae"
        + "90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b3"
        + "7973f622a43d14a6599b1f654cb45a74e355a5"

    @Test("the example of the NaCl distribution (tests/box.c)")
    func published() throws {
        let alice = try X25519.PrivateKey(SecretBytes(hex: X25519Tests.pairs[0].0))
        let bob = try X25519.PrivateKey(SecretBytes(hex: X25519Tests.pairs[1].0))
        let key = try Box.sharedKey(alice, bob.publicKey)
        #expect(key.hex == "1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389")
        #expect(try Box.sharedKey(bob, alice.publicKey) == key)

        let nonce = try Hex.decode("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37")
        let plaintext = try Hex.decode(Self.plaintext)
        #expect(Hex.encode(Box.seal(plaintext, nonce: nonce, sharedKey: key)) == Self.box)
        #expect(Box.open(try Hex.decode(Self.box), nonce: nonce, sharedKey: key) == plaintext)
    }

    @Test("a box opens with its key and nonce only, and only whole")
    func refusals() throws {
        let key = SecretBytes.random(count: 32)
        let nonce = Random.bytes(Box.nonceCount)
        let box = Box.seal([1, 2, 3], nonce: nonce, sharedKey: key)
        #expect(box.count == 3 + Box.overhead)
        #expect(Box.open(box[...], nonce: nonce, sharedKey: key) == [1, 2, 3])
        #expect(Box.open(box, nonce: nonce, sharedKey: .random(count: 32)) == nil)
        #expect(Box.open(box, nonce: Random.bytes(24), sharedKey: key) == nil)
        #expect(Box.open(box, nonce: Random.bytes(12), sharedKey: key) == nil)
        #expect(Box.open(box, nonce: nonce, sharedKey: .random(count: 31)) == nil)
        for index in box.indices {
            var changed = box
            changed[index] ^= 0x80
            #expect(Box.open(changed, nonce: nonce, sharedKey: key) == nil)
            #expect(Box.open(box[..<index], nonce: nonce, sharedKey: key) == nil)
        }
    }

    @Test("an anonymous box opens with its key only, and only whole")
    func anonymous() throws {
        let recipient = X25519.PrivateKey.random()
        let box = Box.sealAnonymously([1, 2, 3], to: recipient.publicKey)
        #expect(box.count == 3 + Box.anonymousOverhead)
        #expect(Box.openAnonymously(box, with: recipient) == [1, 2, 3])
        #expect(Box.openAnonymously(box, with: .random()) == nil)
        #expect(Box.sealAnonymously([1, 2, 3], to: recipient.publicKey) != box)
        for index in box.indices {
            var changed = box
            changed[index] ^= 1
            #expect(Box.openAnonymously(changed, with: recipient) == nil)
            #expect(Box.openAnonymously(box[..<index], with: recipient) == nil)
        }
    }

    @Test("nothing can be sealed too")
    func empty() throws {
        let recipient = X25519.PrivateKey.random()
        #expect(Box.openAnonymously(Box.sealAnonymously([], to: recipient.publicKey), with: recipient) == [])
        let (key, nonce) = (SecretBytes.random(count: 32), Random.bytes(24))
        #expect(Box.open(Box.seal([], nonce: nonce, sharedKey: key), nonce: nonce, sharedKey: key) == [])
    }

    @Test("random bytes open nothing")
    func fuzz() {
        var generator = SeededGenerator(seed: 11)
        let recipient = X25519.PrivateKey.random()
        let key = SecretBytes.random(count: 32)
        for _ in 0..<500 {
            let bytes = generator.bytes(upTo: 100)
            #expect(Box.openAnonymously(bytes, with: recipient) == nil)
            #expect(Box.open(bytes, nonce: [UInt8](repeating: 0, count: 24), sharedKey: key) == nil)
        }
    }
}
