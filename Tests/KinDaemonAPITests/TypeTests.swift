import KinDaemonAPI
import KinEncoding
import KinWire
import Testing

@Suite struct TypeTests {
    @Test(
        "a daemon of another version is understood: what it says besides is passed over, what it does not say is as usual"
    )
    func otherVersions() throws {
        guard case .object(var members) = Sample.pressed.json else {
            Issue.record("no object")
            return
        }
        members["a_later_word"] = .bool(true)
        #expect(try DaemonHealth(json: JSON.object(members).canonicalBytes()) == Sample.pressed)
        for name in [
            "succession_waits", "clone_suspected", "concurrent_policy", "policy_differs", "disk_pct", "alerts",
            "inbound",
        ] { members[name] = nil }
        let older = try DaemonHealth(json: JSON.object(members).canonicalBytes())
        #expect(
            older.alerts == [] && older.concurrentPolicy == .preferNewest
                && older.outboxPending == Sample.pressed.outboxPending)
    }

    @Test("what fails within an answer keeps the kind of failure it is", arguments: [404, 409, 403, 507])
    func streamedFailure(status: Int) throws {
        let category = APIError.read(Array(#"{"error":{"code":"x","message":"y"}}"#.utf8), status: status).category
        let line = FileGetLine.failed(KinError("x", "y", category: category)).json
        guard case .failed(let error) = try FileGetLine(json: line.canonicalBytes()) else {
            Issue.record("no failure: \(line)")
            return
        }
        #expect(error.category == category && category != .failed)
    }

    @Test("a body that is no JSON is told as such, with the byte")
    func noJSON() throws {
        let error = #expect(throws: KinError.self) { _ = try SendRequest(json: Array("to=studio".utf8)) }
        #expect(error?.message.hasPrefix("the body is not JSON, at byte ") == true)
    }

    @Test("every type is what it was after JSON and back", arguments: try Form.all() + Form.topics())
    func roundTrip(_ form: Form) throws {
        #expect(try form.reread(form.json.canonicalBytes()) == form.json)
    }

    @Test("a member that is not known is refused, at every depth", arguments: try Form.exact())
    func unknownMember(_ form: Form) throws {
        for (path, json) in form.json.withExtraMember() {
            let error = #expect(throws: KinError.self, "\(path)") { _ = try form.reread(json.canonicalBytes()) }
            #expect(error?.code == "invalid_request" && error?.category == .usage)
            #expect(error?.message.contains("surprise") == true)
        }
    }

    @Test("a member that must be there is missed by name", arguments: try Form.exact())
    func missingMember(_ form: Form) throws {
        guard case .object(let members) = form.json else { return }
        // These may be absent: a request's choices, and what an answer may leave null.
        let optional: Set = [
            "priority", "meta", "reply_to", "client_message_id", "expires_in", "cursor", "broker_message_id", "read_at",
            "relayed_at", "delivered_at", "expires_at", "last_error", "broker_features_negotiated",
            "succession", "next_attempt_at", "refused_at", "aborted_at", "aborted_by", "superseded_by", "message",
            "pruned_at", "disk_pct", "media_type", "persistent",
            // What tells the last line of an answer from those before it.
            "out",
        ]
        let kind = String(form.description.prefix { $0 != "," })
        let own: [String: Set<String>] = [
            "FileShareRequest": ["to"], "FileInfo": ["peer_member"], "InboxMessage": ["topic", "mentions"],
            "PostRequest": ["mentions"], "TopicMaking": ["members"], "TopicMemberChange": ["add", "remove"],
            "TopicInfo": ["creator"], "Profile": ["summary"],
        ]
        let isText = ["SendRequest", "PostRequest"].contains(kind)
        let required = members.keys.filter { name in
            if own[kind]?.contains(name) == true { return false }
            return !optional.contains(name) || isText && name == "message"
        }
        #expect(!required.isEmpty)
        for name in required {
            let error = #expect(throws: KinError.self, "\(name)") {
                _ = try form.reread(JSON.object(members.filter { $0.key != name }).canonicalBytes())
            }
            #expect(error?.message.contains(name) == true)
        }
    }

    @Test(
        "a body that is no JSON object is refused",
        arguments: ["", "[]", "1", "null", "{", "{}x", "\u{0}", #"{"a":1,"a":2}"#])
    func noObject(_ body: String) throws {
        for form in try Form.all() {
            let error = #expect(throws: KinError.self) { _ = try form.reread(Array(body.utf8)) }
            #expect(error?.code == "invalid_request")
        }
    }

    @Test("patches and what refuses a batch come back as they were", arguments: try Form.loose())
    func loose(_ form: Form) throws { #expect(try form.reread(form.json.canonicalBytes()) == form.json) }

    @Test("a patch says what changes, what is taken away, and nothing of the rest")
    func patch() throws {
        let before = SendRequest(to: "a", message: "b", priority: .low, meta: .object([:]), expiresIn: 5)
        #expect(try RequeuePatch(json: Array("{}".utf8)).applied(to: before) == before)
        let patch = try RequeuePatch(json: Array(#"{"to":"c","meta":null,"expires_in":null}"#.utf8))
        let after = patch.applied(to: before)
        #expect(after.to == "c" && after.meta == nil && after.expiresIn == nil)
        #expect(after.message == "b" && after.priority == .low)
    }

    @Test("health is degraded where only receiving goes on")
    func healthPressed() {
        #expect(Sample.pressed.status == "degraded")
        var health = Sample.pressed
        health.outboxPressure = "refusing"
        #expect(health.status == "ok")
    }

    @Test("health is ok while the broker is connected, and degraded else")
    func healthStatus() {
        var health = Sample.health
        #expect(health.status == "ok")
        health.broker.connected = false
        #expect(health.status == "degraded")
        guard case .object(let members) = health.json else { return }
        #expect(members["status"] == .string("degraded"))
    }

    @Test(
        "the states of a message have their names",
        arguments: [
            (MessageState.queued, "queued"), (.relayed, "relayed"), (.delivered, "delivered"), (.read, "read"),
            (.dead, "dead"), (.aborted, "aborted"),
        ])
    func states(_ state: MessageState, _ name: String) throws {
        var answer = try Sample.answer()
        answer.status = state
        guard case .object(let members) = answer.json else { return }
        #expect(members["status"] == .string(name))
        #expect(try SendAnswer(json: answer.json.canonicalBytes()).status == state)
    }
}

@Suite struct SendRequestTests {
    private func request(_ body: String) throws -> SendRequest { try SendRequest(json: Array(body.utf8)) }

    @Test("a request needs a recipient and a message, and the rest has defaults")
    func defaults() throws {
        let request = try request(#"{"to":"studio","message":""}"#)
        #expect(request == SendRequest(to: "studio", message: ""))
        #expect(request.priority == .next)
    }

    @Test("choices may be null, as absent")
    func nulls() throws {
        let body = #"{"to":"s","message":"m","meta":null,"reply_to":null,"client_message_id":null,"expires_in":null}"#
        #expect(try request(body) == SendRequest(to: "s", message: "m"))
    }

    @Test("replyToId is an older name of reply_to")
    func replyToId() throws {
        #expect(try request(#"{"to":"s","message":"m","replyToId":"x"}"#).replyTo == Sample.id("x"))
    }

    @Test(
        "what is out of its bounds is refused, naming the field",
        arguments: [
            (#"{"to":1,"message":"m"}"#, "to"), (#"{"to":"s","message":null}"#, "message"),
            (#"{"to":"s","message":"m","priority":"urgent"}"#, "priority"),
            (#"{"to":"s","message":"m","meta":[]}"#, "meta"),
            (#"{"to":"s","message":"m","meta":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{}}}}}}}}}}"#, "meta"),
            (#"{"to":"s","message":"m","expires_in":0}"#, "expires_in"),
            (#"{"to":"s","message":"m","expires_in":1.5}"#, "expires_in"),
            (#"{"to":"s","message":"m","client_message_id":"with space"}"#, "client_message_id"),
            (#"{"to":"s","message":"m","client_message_id":""}"#, "client_message_id"),
            (#"{"to":"s","message":"m","reply_to":"é"}"#, "reply_to"),
        ])
    func bounds(_ body: String, _ field: String) {
        let error = #expect(throws: KinError.self) { _ = try request(body) }
        #expect(error?.code == "invalid_request" && error?.message.contains(field) == true)
    }

    @Test("meta may be eight levels deep")
    func depth() throws {
        let body = #"{"to":"s","message":"m","meta":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{}}}}}}}}}"#
        #expect(try request(body).meta?.depth == 8)
    }
}

extension JSON {
    /// This value with one member too many, once for each object in it; what applications put into it themselves is left out.
    fileprivate func withExtraMember(_ path: String = "$") -> [(String, JSON)] {
        switch self {
        case .object(let members):
            let here = (path, JSON.object(members.merging(["surprise": .null]) { old, _ in old }))
            let own: Set = ["meta", "broker_features_negotiated"]
            return [here]
                + members.filter { !own.contains($0.key) }.flatMap { name, value in
                    value.withExtraMember("\(path).\(name)").map { changed in
                        (changed.0, .object(members.merging([name: changed.1]) { _, new in new }))
                    }
                }
        case .array(let items):
            return items.enumerated().flatMap { index, item in
                item.withExtraMember("\(path)[\(index)]").map { changed in
                    var items = items
                    items[index] = changed.1
                    return (changed.0, .array(items))
                }
            }
        default: return []
        }
    }
}
