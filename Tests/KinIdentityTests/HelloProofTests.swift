import KinCrypto
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct HelloProofTests {
    static let origin = "https://kin.example"
    static let now = TestClock.start

    private func hello(from device: TestDevice, nonce: [UInt8], origin: String = Self.origin) -> Hello {
        HelloProof.hello(
            answering: Challenge(nonce: nonce, serverTime: Self.now), origin: origin, chain: device.chain,
            keys: device.keys, revocationHead: .empty, capabilities: ["links"], now: Self.now)
    }

    @Test("a hello is good at the server and for the challenge it was made for")
    func sound() async throws {
        let device = try await TestFamily().device()
        let nonce = Random.bytes(32)
        let hello = hello(from: device, nonce: nonce)
        #expect(hello.mesh == device.mesh && hello.chain == device.chain && hello.timestamp == Self.now)
        let member = try device.verified()
        #expect(HelloProof.isValid(hello, of: member, nonce: nonce, origins: [Self.origin]))
        #expect(HelloProof.isValid(hello, of: member, nonce: nonce, origins: ["http://localhost:1", Self.origin]))
    }

    @Test(
        "it is useless at any other server",
        arguments: ["http://kin.example", "https://kin.example:8443", "https://evil.example", ""])
    func otherOrigin(origin: String) async throws {
        let device = try await TestFamily().device()
        let nonce = Random.bytes(32)
        let hello = hello(from: device, nonce: nonce)
        let member = try device.verified()
        #expect(!HelloProof.isValid(hello, of: member, nonce: nonce, origins: [origin]))
        #expect(!HelloProof.isValid(hello, of: member, nonce: nonce, origins: []))
    }

    @Test("it answers no other challenge")
    func otherNonce() async throws {
        let device = try await TestFamily().device()
        let nonce = Random.bytes(32)
        let hello = hello(from: device, nonce: nonce)
        let member = try device.verified()
        for other in [Random.bytes(32), [], Array(nonce.dropLast())] {
            #expect(!HelloProof.isValid(hello, of: member, nonce: other, origins: [Self.origin]))
        }
    }

    private static func changes() -> [(String, @Sendable (inout Hello) -> Void)] {
        [
            ("mesh", { $0.mesh = MeshID(slug: "other", wallet: $0.mesh.wallet) ?? $0.mesh }),
            ("chain", { $0.chain.certificate.scopes = [.send] }),
            ("chain without its rotation", { $0.chain.rotations = [] }),
            ("revocation_head", { $0.revocationHead.count = 1 }),
            ("capabilities", { $0.capabilities = [] }),
            ("timestamp", { $0.timestamp += 1 }),
            ("signature", { $0.signature[10] ^= 1 }),
            ("signature cut short", { $0.signature.removeLast() }),
        ]
    }

    @Test("no fact of it can be exchanged")
    func altered() async throws {
        let device = try await TestFamily().device().rotated()
        let nonce = Random.bytes(32)
        let sound = hello(from: device, nonce: nonce)
        let member = try device.verified()
        #expect(HelloProof.isValid(sound, of: member, nonce: nonce, origins: [Self.origin]))
        for (name, change) in Self.changes() {
            var hello = sound
            change(&hello)
            #expect(hello != sound)
            #expect(!HelloProof.isValid(hello, of: member, nonce: nonce, origins: [Self.origin]), "\(name)")
        }
    }

    @Test("a key that was rotated away opens no session")
    func rotatedAway() async throws {
        let device = try await TestFamily().device()
        let rotated = device.rotated()
        let nonce = Random.bytes(32)
        let member = try rotated.verified()
        let old = HelloProof.hello(
            answering: Challenge(nonce: nonce, serverTime: Self.now), origin: Self.origin, chain: rotated.chain,
            keys: device.keys, revocationHead: .empty, capabilities: [], now: Self.now)
        #expect(!HelloProof.isValid(old, of: member, nonce: nonce, origins: [Self.origin]))
        let new = hello(from: rotated, nonce: nonce)
        #expect(HelloProof.isValid(new, of: member, nonce: nonce, origins: [Self.origin]))
    }

    @Test("the hellos of the vectors answer the challenge there")
    func vectors() throws {
        let frames = try Vector.list("kindred/frames.json", "valid")
        var nonce: [UInt8] = []
        var checked = 0
        for vector in frames {
            switch try ReceivedFrame(vector.hex("frame_hex")).message {
            case .challenge(let challenge) where vector.name == "challenge": nonce = challenge.nonce
            case .hello(let hello):
                let member = try ChainVerifier(mesh: hello.mesh).verify(hello.chain, now: hello.timestamp)
                #expect(HelloProof.isValid(hello, of: member, nonce: nonce, origins: [Self.origin]), "\(vector)")
                checked += 1
            default: break
            }
        }
        #expect(checked >= 3)
    }
}
