import Foundation
public import KinEncoding

/// The files under `Vectors/`, which tests of every language here read.
public enum Vectors {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Vectors").standardizedFileURL

    public static func bytes(_ path: String) throws -> [UInt8] {
        try Array(Data(contentsOf: folder.appending(path: path)))
    }

    public static func json(_ path: String) throws -> JSON {
        try JSON.parse(bytes(path))
    }
}

extension Vectors {
    /// A line of JSON that a program wrote; null where there is none.
    public static func parse(_ line: String?) throws -> JSON {
        try line.map { try JSON.parse(Array($0.utf8)) } ?? .null
    }
}

/// Vectors are read as the tests need them: what is missing or of another type is an empty value, which fails the test.
extension JSON {
    public subscript(key: String) -> JSON {
        guard case .object(let members) = self else { return .null }
        return members[key] ?? .null
    }

    public var elements: [JSON] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    public var text: String {
        guard case .string(let text) = self else { return "" }
        return text
    }
}
