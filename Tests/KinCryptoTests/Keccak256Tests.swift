import KinCrypto
import KinEncoding
import Testing

@Suite struct Keccak256Tests {
    @Test(
        "the published hashes of Keccak-256, which are not those of SHA3-256",
        arguments: [
            ("", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
            ("abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
        ])
    func published(text: String, hash: String) {
        #expect(Hex.encode(Keccak256.hash(text.utf8)) == hash)
    }

    @Test("every length up to two blocks and more hashes as another implementation has it")
    func lengths() {
        let hashes = (0..<300).flatMap { count in Keccak256.hash((0..<count).map { UInt8(truncatingIfNeeded: $0) }) }
        #expect(
            Hex.encode(Keccak256.hash(hashes)) == "a7556b99d532c6a2658e83e7bf12038ea9de15dc01506e586fd97bfd3c910e1f")
    }
}
