import KinEncoding
import KinWire

extension SuccessionFile {
    init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "succession.json")
        try fields.version("schema_version")
        for item in try fields.array("candidates", atMost: Self.maxCandidates) {
            candidates.append(try Candidate(json: item))
        }
        chosen = try fields.nullable("chosen") { fields, name throws(WireError) in try fields.walletAddress(name) }
        switching = try fields.nullable("switching") { fields, name throws(WireError) in
            try fields.walletAddress(name)
        }
        previous = try fields.nullable("previous") { fields, name throws(WireError) in try fields.mesh(name) }
        for (member, name) in try Self.object(&fields, "names") {
            if let member = ULID(member), case .string(let name) = name { names[member] = name }
        }
        for item in try fields.array("introduces", atMost: .max) { introduces.append(try Chain(json: item)) }
        spent = try fields.list("spent", atMost: .max, as: "an id") { ClientMessageID($0) }
        policy = try fields.nullable("concurrent_policy") { fields, name throws(WireError) in
            try fields.parsed(name, as: "a policy") { ConcurrentPolicy(rawValue: $0) }
        }
        try fields.end()
    }

    private static func object(_ fields: inout Fields, _ name: String) throws(WireError) -> [String: JSON] {
        guard case .object(let members) = try fields.take(name) else { throw fields.refusal(name, "must be an object") }
        return members
    }

    var json: JSON {
        .object([
            "schema_version": .integer(1), "candidates": .array(candidates.map(\.json)),
            "chosen": .orNull(chosen) { .text($0) }, "switching": .orNull(switching) { .text($0) },
            "previous": .orNull(previous) { .text($0) },
            "names": .object(
                Dictionary(names.map { ($0.description, JSON.string($1)) }, uniquingKeysWith: { first, _ in first })),
            "introduces": .array(introduces.map(\.json)), "spent": .strings(spent.map(\.description)),
            "concurrent_policy": .orNull(policy) { .string($0.rawValue) },
        ])
    }
}

extension SuccessionFile.Candidate {
    fileprivate init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "candidate")
        handover = try Handover(json: fields.take("handover"))
        isHeld = try fields.bool("held")
        isTrusted = try fields.bool("trusted")
        told = try fields.nullable("told") { fields, name throws(WireError) in
            var told: [SuccessionFile.Told] = []
            for item in try fields.array(name, atMost: .max) { told.append(try SuccessionFile.Told(json: item)) }
            return told
        }
        try fields.end()
    }

    fileprivate var json: JSON {
        .object([
            "handover": handover.json, "held": .bool(isHeld), "trusted": .bool(isTrusted),
            "told": .orNull(told) { .array($0.map(\.json)) },
        ])
    }
}

extension SuccessionFile.Told {
    fileprivate init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "told")
        id = try fields.clientMessageID("id")
        chain = try Chain(json: fields.take("chain"))
        try fields.end()
    }

    fileprivate var json: JSON { .object(["id": .text(id), "chain": chain.json]) }
}
