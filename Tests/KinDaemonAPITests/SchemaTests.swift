import KinDaemonAPI
import KinEncoding
import KinWire
import Testing

@Suite struct SchemaTests {
    @Test("every sample of every type is as its schema says", arguments: try Described.all())
    func samples(_ type: Described) throws {
        #expect(try type.schema.faults(type.form.json) == [])
        #expect(try type.form.reread(type.form.json.canonicalBytes()) == type.form.json)
    }

    @Test("schema and reader refuse and take the same: members left out, added, and of another kind, at every depth")
    func agreement() throws {
        var (refused, taken) = (0, 0)
        for type in try Described.all() {
            for (change, json) in type.form.json.changed() {
                let faults = try type.schema.faults(json)
                let isTaken = (try? type.form.reread(json.canonicalBytes())) != nil
                // What is read of any version of the daemon, and errors, are read as more than this version says.
                let isExact = !["DaemonHealth", "DaemonVersion", "DaemonCompatibility", "SendBatchAnswer"].contains {
                    type.description.hasPrefix($0)
                }
                #expect(faults.isEmpty == isTaken || (!isExact && isTaken), "\(type.description) \(change): \(faults)")
                if isTaken { taken += 1 } else { refused += 1 }
            }
        }
        #expect(refused > 1000 && taken > 100)
    }

    @Test("a whole number may be written with a point, as JSON Schema has it")
    func wholeNumbers() throws {
        let request = try SendRequest(json: Array(#"{"to":"a","message":"b","expires_in":5.0}"#.utf8))
        #expect(request.expiresIn == 5)
        #expect(throws: KinError.self) {
            _ = try SendRequest(json: Array(#"{"to":"a","message":"b","expires_in":5.5}"#.utf8))
        }
        #expect(throws: KinError.self) {
            _ = try SendRequest(json: Array(#"{"to":"a","message":"b","expires_in":1e300}"#.utf8))
        }
    }

    @Test("a schema becomes JSON Schema: names among the components, null beside a kind, no more members than named")
    func written() throws {
        let schema = Schema.object(
            "Outer",
            [
                .required(
                    "inner", Schema.object("Inner", [.optional("n", .integer(from: 1, to: 2))]).orNull, "A note."),
                .optional("word", Schema.one(of: ["a", "b"]).orNull), .optional("text", Schema.text(longest: 3).orNull),
            ])
        var components: [String: JSON] = [:]
        let reference = schema.json(adding: &components)
        #expect(reference == .object(["$ref": .string("#/components/schemas/Outer")]))
        let expected = try JSON.parse(
            Array(
                #"""
                {"Inner":{"additionalProperties":false,"properties":{"n":{"maximum":2,"minimum":1,"type":"integer"}},"title":"Inner","type":"object"},
                "Outer":{"additionalProperties":false,"properties":{
                "inner":{"anyOf":[{"$ref":"#/components/schemas/Inner"},{"type":"null"}],"description":"A note."},
                "text":{"maxLength":3,"type":["string","null"]},
                "word":{"anyOf":[{"enum":["a","b"],"type":"string"},{"type":"null"}]}},
                "required":["inner"],"title":"Outer","type":"object"}}
                """#.utf8))
        #expect(JSON.object(components) == expected)
    }
}

/// A sample with the schema of its type.
struct Described: CustomStringConvertible, Sendable {
    let form: Form
    let schema: Schema
    var description: String { form.description }

    static func all() throws -> [Described] {
        let schemas: [(String, Schema)] = [
            ("SendRequest", SendRequest.schema), ("SendAnswer", SendAnswer.schema),
            ("InboxMessage", InboxMessage.schema), ("InboxPage", InboxPage.schema),
            ("MessageStatus", MessageStatus.schema), ("OutboxMessage", OutboxMessage.schema),
            ("OutboxPage", OutboxPage.schema), ("HistoryPage", HistoryPage.schema),
            ("PruneRequest", PruneRequest.schema), ("PruneAnswer", PruneAnswer.schema),
            ("ReadRequest", ReadRequest.schema), ("ReadAnswer", ReadAnswer.schema), ("SendBatch", SendBatch.schema),
            ("SendBatchAnswer", SendBatchAnswer.schema), ("DaemonHealth", DaemonHealth.schema),
            ("DeviceList", DeviceList.schema), ("MeshSettingsInfo", MeshSettingsInfo.schema),
            ("MeshSettingsRequest", MeshSettingsRequest.schema), ("DaemonVersion", DaemonVersion.schema),
            ("RequeuePatch", RequeuePatch.schema), ("RevokeRequest", RevokeRequest.schema),
            ("RevokeAnswer", RevokeAnswer.schema), ("SignedRevocation", SignedRevocation.schema),
            ("MemberList", MemberList.schema), ("SuccessionProgress", SuccessionProgress.schema),
            ("SuccessionRequest", SuccessionRequest.schema),
            ("SuccessionDraftRequest", SuccessionDraftRequest.schema), ("SuccessionPlan", SuccessionPlan.schema),
            ("SignedSuccession", SignedSuccession.schema), ("Heartbeat", Heartbeat.schema),
            ("FileShareRequest", FileShareRequest.schema), ("FileDeletion", FileDeletion.schema),
            ("FileInfo", FileInfo.schema), ("FileList", FileList.schema), ("PostRequest", PostRequest.schema),
            ("TopicNamed", TopicNamed.schema), ("TopicMaking", TopicMaking.schema),
            ("TopicMemberChange", TopicMemberChange.schema), ("TopicInfo", TopicInfo.schema),
            ("TopicListing", TopicListing.schema), ("TopicMemberList", TopicMemberList.schema),
            ("RenameRequest", RenameRequest.schema), ("RenameAnswer", RenameAnswer.schema),
            ("AliasRequest", AliasRequest.schema), ("ForgetRequest", ForgetRequest.schema),
            ("DeviceNaming", DeviceNaming.schema), ("ProfileChange", ProfileChange.schema),
            ("Profile", ProfileShown.schema),
            ("TokenRotation", TokenRotation.schema), ("DaemonCompatibility", DaemonCompatibility.schema),
        ]
        // Lines of a stream have no schema: the document says what they are.
        return try (Form.all() + Form.loose() + Form.described() + Form.topics()).compactMap { form in
            let name = form.description.prefix { $0 != "," }
            if name == "FileGetLine" { return nil }
            let schema = try schemas.first { $0.0 == name }.map(\.1).orThrow("the schema of \(name)")
            return Described(form: form, schema: schema)
        }
    }
}

extension JSON {
    /// This value changed in one place, once for each way: a member left out or added, a value of another kind.
    fileprivate func changed(_ path: String = "$") -> [(String, JSON)] {
        switch self {
        case .object(let members):
            let added = [("\(path)+", JSON.object(members.merging(["surprise": .null]) { old, _ in old }))]
            let rest = members.flatMap { name, value -> [(String, JSON)] in
                let without = ("\(path)-\(name)", JSON.object(members.filter { $0.key != name }))
                // What an application says in its own words, and what a broker offers, is theirs.
                if ["meta", "broker_features_negotiated", "detail"].contains(name) { return [without] }
                let inner = value.changed("\(path).\(name)")
                let others: [JSON] = [.null, .bool(true), .integer(-(1 << 53)), .number(0.5), .array([]), .object([:])]
                let replaced = others.filter { $0 != value }.map { ("\(path).\(name)=\($0)", $0) }
                return [without]
                    + (inner + replaced).map { change, value in
                        (change, .object(members.merging([name: value]) { _, new in new }))
                    }
            }
            return added + rest
        case .array(let items):
            return items.enumerated().flatMap { index, item in
                item.changed("\(path)[\(index)]").map { change, item in
                    var items = items
                    items[index] = item
                    return (change, JSON.array(items))
                }
            }
        default: return []
        }
    }
}
