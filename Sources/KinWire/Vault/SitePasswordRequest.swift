import KinEncoding

/// Which password is asked for. The same request gives the same password on every machine that has the phrase.
public struct SitePasswordRequest: Hashable, Sendable {
    /// A kind of character.
    public enum CharacterClass: String, Hashable, Sendable, CaseIterable {
        case lower, upper, digit, symbol
    }

    public static let lengths = 8...128

    /// As it is hashed: in lower case.
    public let site: String
    /// Characters.
    public let length: Int
    /// 1 for the site's first password; the next number gives a new one.
    public let counter: Int64
    /// What the password is made of, at least one of each.
    public let classes: Set<CharacterClass>

    /// - Parameter site: 1 to 253 printable ASCII characters without `|`, not beginning or ending with a space. Names
    ///   of other scripts are given in their ASCII form (`xn--…`). Case does not matter.
    /// - Returns: nil where one of these is out of its bounds.
    public init?(
        site: String, length: Int = 20, counter: Int64 = 1,
        classes: Set<CharacterClass> = Set(CharacterClass.allCases)
    ) {
        let folded = site.utf8.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 | 0x20 : $0 }
        guard 1...253 ~= folded.count, folded.allSatisfy({ 0x20...0x7e ~= $0 && $0 != UInt8(ascii: "|") }),
            folded.first != 0x20, folded.last != 0x20, Self.lengths ~= length, 1...0x7fff_ffff ~= counter,
            !classes.isEmpty
        else { return nil }
        self.site = String(decoding: folded, as: UTF8.self)
        self.length = length
        self.counter = counter
        self.classes = classes
    }

    /// The classes in their order, with commas between them.
    public var classList: String {
        CharacterClass.allCases.filter(classes.contains).map(\.rawValue).joined(separator: ",")
    }

    init(_ fields: inout Fields) throws(WireError) {
        let site = try fields.string("site", maxBytes: 253)
        let length = try fields.optional("length") { fields, name throws(WireError) in
            try fields.integer(name, from: Int64(Self.lengths.lowerBound), to: Int64(Self.lengths.upperBound))
        }
        let counter = try fields.optional("counter") { fields, name throws(WireError) in
            try fields.integer(name, from: 1, to: 0x7fff_ffff)
        }
        let classes = try fields.optional("classes") { fields, name throws(WireError) in
            try fields.list(name, atMost: 4, as: "lower, upper, digit or symbol") { CharacterClass(rawValue: $0) }
        }
        guard
            let request = SitePasswordRequest(
                site: site, length: length.map(Int.init) ?? 20, counter: counter ?? 1,
                classes: classes.map(Set.init) ?? Set(CharacterClass.allCases))
        else {
            throw fields.refusal(
                classes == [] ? "classes" : "site",
                classes == []
                    ? "must name at least one class"
                    : "must be printable ASCII without | (names of other scripts as xn--…)")
        }
        self = request
    }

    var members: [String: JSON] {
        [
            "site": .string(site), "length": .integer(Int64(length)), "counter": .integer(counter),
            "classes": .strings(CharacterClass.allCases.filter(classes.contains).map(\.rawValue)),
        ]
    }
}
