import KinEncoding

/// What a JSON value of the local API may be. It stands with the type that reads and writes the value, and becomes JSON Schema 2020-12 in `GET /openapi.json`.
public struct Schema: Hashable, Sendable {
    public indirect enum Form: Hashable, Sendable {
        case anything
        case boolean
        case integer(ClosedRange<Int64>)
        case number
        case text(Text)
        case array(Schema, count: ClosedRange<Int>, isDistinct: Bool)
        case object([Member], others: Others)
        /// Exactly one of these.
        case either([Schema])
        /// A named one: by its name alone, as where one holds itself.
        case reference(String)
    }

    public struct Text: Hashable, Sendable {
        /// A regular expression that the whole must match (ECMA 262, anchored).
        public var pattern: String?
        /// The only ones, where there are few.
        public var values: [String] = []
        /// Characters, where that is bounded.
        public var longest: Int?
        /// A form that a pattern cannot say.
        public var format: String?
    }

    /// Members beside those that are named.
    public indirect enum Others: Hashable, Sendable {
        case refused
        case allowed(Schema)
    }

    /// One member of an object.
    public struct Member: Hashable, Sendable {
        public var name: String
        public var schema: Schema
        public var isRequired: Bool

        /// A member that must be there.
        public static func required(_ name: String, _ schema: Schema, _ note: String? = nil) -> Member {
            Member(name: name, schema: note.map(schema.noted) ?? schema, isRequired: true)
        }

        /// A member that may be absent.
        public static func optional(_ name: String, _ schema: Schema, _ note: String? = nil) -> Member {
            Member(name: name, schema: note.map(schema.noted) ?? schema, isRequired: false)
        }
    }

    public var form: Form
    /// Under which it stands among the document's components.
    public var name: String?
    public var note: String?
    public var isNullable = false

    public init(_ form: Form, name: String? = nil, note: String? = nil) {
        self.form = form
        self.name = name
        self.note = note
    }

    /// The same, or null.
    public var orNull: Schema {
        var schema = self
        schema.isNullable = true
        return schema
    }

    /// The same with a sentence about it.
    public func noted(_ note: String) -> Schema {
        var schema = self
        schema.note = note
        return schema
    }
}

extension Schema {
    public static let bool = Schema(.boolean)
    public static let anything = Schema(.anything)
    public static let text = Schema(.text(Text()))

    public static func integer(from lowest: Int64 = 0, to highest: Int64 = 1 << 53 - 1) -> Schema {
        Schema(.integer(lowest...highest))
    }

    /// - Parameter pattern: without anchors.
    public static func text(pattern: String? = nil, longest: Int? = nil, format: String? = nil) -> Schema {
        Schema(.text(Text(pattern: pattern.map { "^(?:\($0))$" }, longest: longest, format: format)))
    }

    public static func one(of values: [String]) -> Schema { Schema(.text(Text(values: values))) }

    public static func one<T: CaseIterable & RawRepresentable<String>>(of type: T.Type) -> Schema {
        one(of: type.allCases.map(\.rawValue))
    }

    public static func list(_ item: Schema, atMost: Int, atLeast: Int = 0, isDistinct: Bool = false) -> Schema {
        Schema(.array(item, count: atLeast...atMost, isDistinct: isDistinct))
    }

    /// An object with these members and no others.
    public static func object(_ name: String, _ members: [Member]) -> Schema {
        Schema(.object(members, others: .refused), name: name)
    }

    /// An object to which a later version may add.
    public static func open(_ name: String, _ members: [Member]) -> Schema {
        Schema(.object(members, others: .allowed(.anything)), name: name)
    }

    /// An object whose members are all of one kind.
    public static func table(of value: Schema) -> Schema { Schema(.object([], others: .allowed(value))) }

    /// The members of an object; none of anything else.
    public var members: [Member] {
        guard case .object(let members, _) = form else { return [] }
        return members
    }
}
