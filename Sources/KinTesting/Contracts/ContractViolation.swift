/// A promise of a contract that an implementation breaks.
public struct ContractViolation: Error, CustomStringConvertible {
    public let description: String
}

/// Says what was promised; a contract has no test library to lean on.
func require(
    _ condition: Bool, _ promise: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) throws {
    guard condition else { throw ContractViolation(description: "\(promise()) (\(file):\(line))") }
}

func requireEqual<T: Equatable>(
    _ value: T, _ expected: T, _ what: String, file: StaticString = #fileID, line: UInt = #line
) throws {
    try require(value == expected, "\(what): \(value) instead of \(expected)", file: file, line: line)
}
