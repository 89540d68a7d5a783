import KinDaemonAPI
import KinEncoding

/// A judge of values against schemas that shares nothing with how they are written.
extension Schema {
    /// What is wrong with a value, a line each.
    func faults(_ json: JSON, _ place: String = "$") throws -> [String] {
        if json == .null && isNullable { return [] }
        switch (form, json) {
        case (.anything, _), (.reference, _), (.boolean, .bool): return []
        case (.number, .integer), (.number, .number): return []
        case (.integer(let range), .integer(let value)):
            return range.contains(value) ? [] : ["\(place): \(value) is out of \(range)"]
        case (.text(let text), .string(let value)): return try text.faults(value, place)
        case (.array(let item, let count, let isDistinct), .array(let items)):
            let own = count.contains(items.count) ? [] : ["\(place): \(items.count) are too many or few"]
            let twice = isDistinct && Set(items).count != items.count ? ["\(place): one is there twice"] : []
            return try own + twice + items.enumerated().flatMap { try item.faults($1, "\(place)[\($0)]") }
        case (.object(let members, let others), .object(let values)):
            return try Self.faults(members, others, values, place)
        case (.either(let schemas), _):
            return try schemas.contains { try $0.faults(json, place).isEmpty } ? [] : ["\(place): none of them"]
        default: return ["\(place): of another kind"]
        }
    }

    private static func faults(
        _ members: [Member], _ others: Others, _ values: [String: JSON], _ place: String
    ) throws -> [String] {
        var faults: [String] = []
        for member in members {
            if let value = values[member.name] {
                faults += try member.schema.faults(value, "\(place).\(member.name)")
            } else if member.isRequired {
                faults.append("\(place): \(member.name) is missing")
            }
        }
        for (name, value) in values where !members.contains(where: { $0.name == name }) {
            switch others {
            case .refused: faults.append("\(place): \(name) is not known")
            case .allowed(let schema): faults += try schema.faults(value, "\(place).\(name)")
            }
        }
        return faults
    }
}

extension Schema.Text {
    fileprivate func faults(_ value: String, _ place: String) throws -> [String] {
        if let pattern, try Regex(pattern).wholeMatch(in: value) == nil { return ["\(place): not of the form"] }
        if !values.isEmpty, !values.contains(value) { return ["\(place): none of the few"] }
        return value.unicodeScalars.count <= longest ?? .max ? [] : ["\(place): too long"]
    }
}
