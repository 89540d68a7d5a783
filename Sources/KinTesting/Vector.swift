import KinEncoding

/// One entry of a file under `Vectors/`, which the tests of every language read.
public struct Vector: Sendable, CustomStringConvertible {
    /// The entry's `name`, or its place in its list.
    public let name: String
    private let members: [String: JSON]

    public var description: String { name }

    private init(_ json: JSON, name: String) throws {
        guard case .object(let members) = json else { throw Fault(entry: name, member: "") }
        self.members = members
        if case .string(let name) = members["name"] { self.name = name } else { self.name = name }
    }

    /// A whole file.
    /// - Parameter path: below `Vectors/`.
    public init(file path: String) throws {
        try self.init(JSON.parse(Vectors.bytes(path)), name: path)
    }

    /// The entries of one list of a file.
    public static func list(_ path: String, _ member: String) throws -> [Vector] {
        try Vector(file: path).entries(member)
    }

    public func entries(_ member: String) throws -> [Vector] {
        guard case .array(let items) = try json(member) else { throw fault(member) }
        return try items.enumerated().map { try Vector($1, name: "\(member)[\($0)]") }
    }

    /// A member that is an object.
    public func entry(_ member: String) throws -> Vector { try Vector(json(member), name: member) }

    public var memberNames: [String] { members.keys.sorted() }

    public func has(_ member: String) -> Bool { members[member] != nil }

    public func json(_ member: String) throws -> JSON {
        guard let value = members[member] else { throw fault(member) }
        return value
    }

    public func text(_ member: String) throws -> String {
        guard case .string(let text) = try json(member) else { throw fault(member) }
        return text
    }

    /// The bytes of a text.
    public func utf8(_ member: String) throws -> [UInt8] { Array(try text(member).utf8) }

    /// The bytes of a hex text.
    public func hex(_ member: String) throws -> [UInt8] { try Hex.decode(text(member)) }

    public func integer(_ member: String) throws -> Int64 {
        guard case .integer(let value) = try json(member) else { throw fault(member) }
        return value
    }

    public func bool(_ member: String) throws -> Bool {
        guard case .bool(let value) = try json(member) else { throw fault(member) }
        return value
    }

    private func fault(_ member: String) -> Fault { Fault(entry: name, member: member) }

    /// A vector file is not as its README says.
    struct Fault: Error {
        let entry: String
        let member: String
    }
}
