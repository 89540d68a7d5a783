/// Why no key could be derived.
///
/// | code | meaning |
/// | --- | --- |
/// | `derivation_path_invalid` | the path is not of the form `m/44'/501'/0'` |
/// | `derivation_not_hardened` | the path has a plain step on a curve that knows only hardened ones |
/// | `derivation_seed_length` | the seed has fewer than 16 or more than 64 bytes |
/// | `derivation_no_key` | this one path leads to no key; happens once in 2^127 |
public struct DerivationError: Error, Sendable, Equatable {
    public let code: String
    public let message: String

    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}

extension DerivationError: CustomStringConvertible {
    public var description: String { "\(code): \(message)" }
}
