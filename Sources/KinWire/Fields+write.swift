import KinEncoding

extension JSON {
    package static func hex(_ bytes: [UInt8]) -> JSON { .string(Hex.encode(bytes)) }

    package static func text(_ value: some CustomStringConvertible) -> JSON { .string(value.description) }

    package static func strings(_ values: [String]) -> JSON { .array(values.map { .string($0) }) }

    package static func orNull<T>(_ value: T?, _ write: (T) -> JSON) -> JSON { value.map(write) ?? .null }
}

extension [String: JSON] {
    /// Adds a frame header's optional field where there is a value.
    package func adding<T>(_ name: String, _ value: T?, _ write: (T) -> JSON) -> [String: JSON] {
        guard let value else { return self }
        return merging([name: write(value)]) { _, new in new }
    }
}
