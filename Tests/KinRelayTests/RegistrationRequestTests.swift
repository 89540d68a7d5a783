import KinEncoding
import KinTesting
import Testing

@testable import KinRelay

@Suite struct RegistrationRequestTests {
    static let owner = Base58.encode([UInt8](repeating: 7, count: 32))
    static let machine = "0123456789abcdef"
    static let proof = String(repeating: "a1", count: 32)

    @Test("a request names its slot")
    func sound() throws {
        let request = try RegistrationRequest(owner: Self.owner, machine: Self.machine, proof: Self.proof)
        #expect(request.owner == Self.owner)
        #expect(request.machineID.description == Self.machine)
        #expect(RegistrationRequest.isRoute(Self.owner))
    }

    static let owners: [String?] = [
        nil, "", "0OIl", Base58.encode([UInt8](repeating: 7, count: 31)),
        Base58.encode([UInt8](repeating: 7, count: 33)), owner + " ", String(repeating: "1", count: 33),
        String(repeating: "z", count: 100_000),
    ]

    @Test("an owner_id that is not base58 of 32 bytes is refused by its name", arguments: owners)
    func badOwner(owner: String?) {
        let fault = #expect(throws: RegistrationFault.self) {
            try RegistrationRequest(owner: owner, machine: Self.machine, proof: Self.proof)
        }
        #expect(fault?.field == .owner)
        #expect(fault?.message.hasPrefix("owner_id ") == true)
        #expect(owner.map { RegistrationRequest.isRoute($0) } != true)
    }

    static let machines: [String?] = [
        nil, "", "0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF", "0123456789abcdeg", "0123456789abcde\n",
    ]

    @Test("a machine_id that is not 16 lower-case hex digits is refused by its name", arguments: machines)
    func badMachine(machine: String?) {
        let fault = #expect(throws: RegistrationFault.self) {
            try RegistrationRequest(owner: Self.owner, machine: machine, proof: Self.proof)
        }
        #expect(fault?.field == .machine)
        #expect(fault?.status == 400)
    }

    static let proofs: [String?] = [
        nil, "", String(repeating: "a", count: 63), String(repeating: "a", count: 65),
        String(repeating: "A", count: 64), String(repeating: "g", count: 64), String(repeating: "é", count: 32),
    ]

    @Test("a secret that is not 64 lower-case hex digits is refused by its name, and never repeated", arguments: proofs)
    func badProof(proof: String?) {
        let fault = #expect(throws: RegistrationFault.self) {
            try RegistrationRequest(owner: Self.owner, machine: Self.machine, proof: proof)
        }
        #expect(fault?.field == .proof)
        #expect(
            fault?.description == "X-Kin-Registration-Secret must be 64 lower-case hex digits (invalid_registration)")
    }

    @Test("a secret fits only when all its bytes do")
    func secrets() throws {
        var generator = SeededGenerator(seed: 1)
        let bytes = generator.bytes(32)
        let secret = try #require(RegistrationSecret(hex: Hex.encode(bytes)))
        #expect(secret.matches(secret))
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1 << UInt8(index % 8)
            let other = try #require(RegistrationSecret(hex: Hex.encode(changed)))
            #expect(!secret.matches(other))
        }
    }
}
