/// The way from a seed to one key: steps, each an index below 2^31, plain or hardened (BIP32).
public struct DerivationPath: Hashable, Sendable {
    /// One step. A hardened one cannot be taken with a public key alone.
    public struct Step: Hashable, Sendable {
        /// Below 2^31.
        public let index: UInt32
        public let isHardened: Bool

        /// - Throws: `derivation_path_invalid` for an index of 2^31 or more.
        public init(_ index: UInt32, hardened: Bool) throws(DerivationError) {
            guard index < 1 << 31 else { throw .path("an index must be below 2147483648") }
            self.index = index
            isHardened = hardened
        }

        /// The index with the hardening in its highest bit, big-endian, as it is hashed.
        var encoded: [UInt8] {
            withUnsafeBytes(of: (isHardened ? index | 1 << 31 : index).bigEndian) { Array($0) }
        }
    }

    /// BIP32 counts the depth of a key in one byte.
    static let maxDepth = 255

    public let steps: [Step]

    /// The path of these indices, all of them hardened.
    ///
    /// - Throws: `derivation_path_invalid`.
    public init(hardened indices: [UInt32]) throws(DerivationError) {
        guard indices.count <= Self.maxDepth else { throw .tooDeep }
        var steps: [Step] = []
        for index in indices { steps.append(try Step(index, hardened: true)) }
        self.steps = steps
    }

    /// The path written as `m`, or as `m/44'/501'/0'/0'`; `h` may stand for the apostrophe.
    ///
    /// - Throws: `derivation_path_invalid`.
    public init(_ text: String) throws(DerivationError) {
        let parts = text.utf8.split(
            separator: UInt8(ascii: "/"), maxSplits: Self.maxDepth + 1, omittingEmptySubsequences: false)
        guard parts.first?.elementsEqual("m".utf8) == true else {
            throw .path("a path begins with m, as in m/44'/501'/0'/0'")
        }
        guard parts.count <= Self.maxDepth + 1 else { throw .tooDeep }
        var steps: [Step] = []
        for part in parts.dropFirst() { steps.append(try Self.step(part)) }
        self.steps = steps
    }

    private static func step(_ text: Substring.UTF8View) throws(DerivationError) -> Step {
        let isHardened = text.last == UInt8(ascii: "'") || text.last == UInt8(ascii: "h")
        let digits = isHardened ? text.dropLast() : text
        guard 1...10 ~= digits.count, digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
            throw .path("each step of a path is a number, followed by ' where it is hardened")
        }
        guard digits.first != UInt8(ascii: "0") || digits.count == 1 else {
            throw .path("a number in a path has no leading zero")
        }
        guard let index = UInt32(Substring(digits)) else { throw .path("an index must be below 2147483648") }
        return try Step(index, hardened: isHardened)
    }
}

extension DerivationPath: CustomStringConvertible {
    /// As in `m/44'/501'/0'/0'`.
    public var description: String {
        steps.reduce(into: "m") { $0 += "/\($1.index)\($1.isHardened ? "'" : "")" }
    }
}

extension DerivationError {
    fileprivate static func path(_ message: String) -> DerivationError {
        DerivationError(code: "derivation_path_invalid", message: message)
    }

    fileprivate static let tooDeep = path("a path has at most \(DerivationPath.maxDepth) steps")
}
