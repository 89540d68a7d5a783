/// Damages bytes as a hostile or broken peer might: flipped bits, bytes of the format's own alphabet in the wrong place,
/// parts cut out, doubled or moved.
public struct Mutation: Sendable {
    private var generator: SeededGenerator
    private let alphabet: [UInt8]

    /// - Parameter alphabet: bytes that mean something in the format.
    public init(seed: UInt64, alphabet: String) {
        generator = SeededGenerator(seed: seed)
        self.alphabet = Array(alphabet.utf8)
    }

    /// `bytes` with one to four changes.
    public mutating func damage(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...generator.number(in: 0..<4) { change(&bytes) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return bytes.append(generator.bytes(1)[0]) }
        let place = generator.number(in: 0..<bytes.count)
        let other = generator.number(in: 0..<bytes.count)
        let part = min(place, other)..<min(max(place, other), min(place, other) + 24)
        switch generator.number(in: 0..<8) {
        case 0: bytes[place] ^= 1 << UInt8(generator.number(in: 0..<8))
        case 1, 2: bytes[place] = alphabet[generator.number(in: 0..<alphabet.count)]
        case 3: bytes.insert(alphabet[generator.number(in: 0..<alphabet.count)], at: place)
        case 4: bytes.remove(at: place)
        case 5: bytes.removeSubrange(part)
        case 6: bytes.insert(contentsOf: bytes[part], at: other)
        default: bytes.removeLast(bytes.count - place)
        }
    }
}
