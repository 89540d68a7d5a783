import KinEncoding

extension JSON {
    /// The same, where `5.0` is the whole number that it is to JSON Schema (2020-12, 4.2.3) and in the canonical form (RFC 8785).
    package var withWholeNumbers: JSON {
        switch self {
        case .number(let value):
            guard abs(value) <= Double(Fields.maxInteger), let whole = Int64(exactly: value) else { return self }
            return .integer(whole)
        case .array(let items): return .array(items.map(\.withWholeNumbers))
        case .object(let members): return .object(members.mapValues(\.withWholeNumbers))
        default: return self
        }
    }
}
