import Foundation

/// A closed SQLite file as its pages, to be damaged.
public struct DatabasePages: Sendable {
    public static let pageSize = 4096
    /// Page types of the file format (section 1.6).
    public static let tableLeaf: UInt8 = 0x0d
    public static let indexLeaf: UInt8 = 0x0a

    private let url: URL
    private var bytes: Data

    public init(_ path: String) throws {
        url = URL(fileURLWithPath: path)
        bytes = try Data(contentsOf: url)
    }

    public var count: Int { bytes.count / Self.pageSize }

    /// The first page of a type that holds a text, by number from 1.
    public func first(_ type: UInt8, holding text: String) throws -> Int {
        let found = (2...count).first { number in
            let page = bytes[range(number)]
            return page.first == type && page.range(of: Data(text.utf8)) != nil
        }
        return try found.orThrow("a page that holds \(text)")
    }

    /// Overwrites a page with zeros, on the disk.
    public mutating func zero(_ number: Int) throws {
        try overwrite(range(number).lowerBound, with: [UInt8](repeating: 0, count: Self.pageSize))
    }

    public mutating func overwrite(_ offset: Int, with new: [UInt8]) throws {
        bytes.replaceSubrange(offset..<offset + new.count, with: new)
        try store()
    }

    public mutating func truncate(to pages: Int) throws {
        bytes = bytes.prefix(pages * Self.pageSize)
        try store()
    }

    private func range(_ number: Int) -> Range<Int> { (number - 1) * Self.pageSize..<number * Self.pageSize }

    /// In its place, for a new file would have another mode.
    private func store() throws {
        let file = try FileHandle(forWritingTo: url)
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: bytes)
        try file.close()
    }
}
