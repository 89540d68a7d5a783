/// Something a test needs is not there.
public struct MissingValue: Error, CustomStringConvertible {
    public let description: String

    public init(_ what: String) { description = "\(what) is missing" }
}

extension Optional {
    /// The value; tests say what is missing instead of unwrapping by force.
    public func orThrow(_ what: String) throws -> Wrapped {
        guard let self else { throw MissingValue(what) }
        return self
    }
}
