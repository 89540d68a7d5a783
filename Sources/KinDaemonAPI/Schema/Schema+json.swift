import KinEncoding

extension Schema {
    /// This as JSON Schema 2020-12; what is named goes among `components`, and is referred to.
    public func json(adding components: inout [String: JSON]) -> JSON {
        guard let name else { return nullable(noting(bare(&components)), isReference: false) }
        if components[name] == nil {
            // One that holds itself finds its name taken.
            components[name] = .object([:])
            var whole = self
            whole.isNullable = false
            components[name] = .object(whole.bare(&components).adding("title", name) { .string($0) })
        }
        return nullable(noting(Self.reference(to: name)), isReference: true)
    }

    private static func reference(to name: String) -> [String: JSON] {
        ["$ref": .string("#/components/schemas/\(name)")]
    }

    private func noting(_ members: [String: JSON]) -> [String: JSON] {
        members.adding("description", note) { .string($0) }
    }

    private func nullable(_ members: [String: JSON], isReference: Bool) -> JSON {
        guard isNullable else { return .object(members) }
        if !isReference, case .string(let type)? = members["type"], members["enum"] == nil {
            return .object(members.merging(["type": .strings([type, "null"])]) { _, new in new })
        }
        var members = members
        let note = members.removeValue(forKey: "description")
        let either: [String: JSON] = ["anyOf": .array([.object(members), .object(["type": .string("null")])])]
        return .object(either.adding("description", note) { $0 })
    }

    private func bare(_ components: inout [String: JSON]) -> [String: JSON] {
        switch form {
        case .anything: return [:]
        case .boolean: return ["type": .string("boolean")]
        case .integer(let range):
            return [
                "type": .string("integer"), "minimum": .integer(range.lowerBound),
                "maximum": .integer(range.upperBound),
            ]
        case .number:
            let most: Int64 = 1 << 53 - 1
            return ["type": .string("number"), "minimum": .integer(-most), "maximum": .integer(most)]
        case .text(let text): return text.json
        case .array(let item, let count, let isDistinct):
            return ["type": .string("array"), "items": item.json(adding: &components)]
                .adding("minItems", count.lowerBound == 0 ? nil : count.lowerBound) { .integer(Int64($0)) }
                .adding("maxItems", count.upperBound == Int.max ? nil : count.upperBound) { .integer(Int64($0)) }
                .adding("uniqueItems", isDistinct ? true : nil) { .bool($0) }
        case .object(let members, let others): return object(members, others, &components)
        case .either(let schemas): return ["anyOf": .array(schemas.map { $0.json(adding: &components) })]
        case .reference(let name): return Self.reference(to: name)
        }
    }

    private func object(
        _ members: [Member], _ others: Others, _ components: inout [String: JSON]
    ) -> [String: JSON] {
        let properties = members.map { ($0.name, $0.schema.json(adding: &components)) }
        let required = members.filter(\.isRequired).map(\.name)
        let rest: JSON =
            switch others {
            case .refused: .bool(false)
            case .allowed(let schema): schema.form == .anything ? .bool(true) : schema.json(adding: &components)
            }
        var json: [String: JSON] = ["type": .string("object"), "additionalProperties": rest]
        if !properties.isEmpty { json["properties"] = .object(Dictionary(properties) { first, _ in first }) }
        if !required.isEmpty { json["required"] = .strings(required) }
        return json
    }
}

extension Schema.Text {
    fileprivate var json: [String: JSON] {
        let members: [String: JSON] = ["type": .string("string")]
        return members.adding("pattern", pattern) { .string($0) }.adding("maxLength", longest) { .integer(Int64($0)) }
            .adding("format", format) { .string($0) }
            .adding("enum", values.isEmpty ? nil : values) { .strings($0) }
    }
}
