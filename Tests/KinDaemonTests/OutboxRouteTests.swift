import KinDaemonAPI
import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import Testing

/// Against a broker that answers sends as a test tells it: the daemon writes to itself.
@Suite struct OutboxRouteTests {
    private static func id(_ text: String) throws -> ClientMessageID { try ClientMessageID(text).orThrow("an id") }

    @Test("every state of the accept table, with the same and with another request")
    func acceptTable() async throws {
        try await House.runAgainstFake { asked in
            switch asked.send.clientMessageID.description {
            case "done": asked.ack
            case "dead": asked.nack("too_large", retryable: false)
            case "inflight": .nothing
            default: asked.nack("rate_limited", retryable: true, after: 600_000)
            }
        } _: { laptop, _ in
            for id in ["done", "dead"] { _ = try await laptop.send("text", to: "laptop", id: id) }
            try await laptop.waits(for: Self.id("done"), toBe: .relayed)
            try await laptop.waits(for: Self.id("dead"), toBe: .dead)
            // In another lane each, or the one that waits would hold the other up.
            for (id, priority) in [("inflight", "now"), ("pending", "low"), ("aborted", "low")] {
                _ = try await laptop.post(
                    #"{"to":"laptop","message":"text","client_message_id":"\#(id)","priority":"\#(priority)"}"#)
            }
            try await eventually("the waiting one was refused") {
                try await laptop.client.message(Self.id("pending")).lastError == "rate_limited"
            }
            _ = try await laptop.client.drop(Self.id("aborted"))
            let table: [(id: String, priority: String, same: (Int, String), other: String)] = [
                ("pending", "low", (202, "queued"), "outbox_pending_fingerprint_mismatch"),
                ("inflight", "now", (202, "queued"), "outbox_pending_fingerprint_mismatch"),
                ("done", "next", (200, "relayed"), "outbox_done_fingerprint_mismatch"),
                ("dead", "next", (409, "outbox_dead_fingerprint_match"), "outbox_dead_fingerprint_mismatch"),
                ("aborted", "low", (409, "outbox_aborted_fingerprint_match"), "outbox_aborted_fingerprint_mismatch"),
            ]
            for (id, priority, same, other) in table {
                let body = { (text: String) in
                    #"{"to":"laptop","message":"\#(text)","client_message_id":"\#(id)","priority":"\#(priority)"}"#
                }
                let again = try await laptop.post(body("text"))
                #expect(again.status == same.0, "\(id)")
                if same.0 == 409 {
                    #expect(again.code == .string(same.1), "\(id)")
                } else {
                    #expect(again["status"] == .string(same.1) && again["duplicate"] == .bool(true), "\(id)")
                }
                let changed = try await laptop.post(body("another"))
                #expect(changed.status == 409 && changed.code == .string(other), "\(id)")
                guard case .string(let stored)? = changed["error", "detail", "stored_fingerprint"] else {
                    Issue.record("\(id): the stored fingerprint is told")
                    continue
                }
                #expect(stored.count == 16)
            }
        }
    }

    @Test("what waits and what failed is listed with reason and next attempt, in pages")
    func list() async throws {
        try await House.runAgainstFake { asked in
            switch asked.send.priority {
            case .now: asked.ack
            case .next: asked.nack("too_large", retryable: false)
            case .low: asked.nack("storage_full", retryable: true, after: 600_000)
            }
        } _: { laptop, _ in
            for (id, priority) in [("done", Priority.now), ("dead", .next), ("waits", .low)] {
                _ = try await laptop.client.send(
                    SendRequest(
                        to: "laptop", message: id, priority: priority, clientMessageID: try Self.id(id)))
            }
            try await laptop.waits(for: Self.id("dead"), toBe: .dead)
            try await laptop.waits(for: Self.id("done"), toBe: .relayed)
            let waiting = try await eventually("it was refused") {
                let status = try await laptop.client.message(Self.id("waits"))
                return status.lastError == nil ? nil : status
            }
            #expect(waiting.attempts == 1 && waiting.nextAttemptAt.map { $0 > realNow() + 500_000 } == true)
            let page = try await laptop.client.outbox()
            #expect(page.messages.map(\.clientMessageID.description) == ["dead", "waits"] && page.cursor == nil)
            #expect(page.messages.map(\.lastError) == ["too_large", "storage_full"])
            let first = try await laptop.client.outbox(OutboxParameters(limit: 1))
            let second = try await laptop.client.outbox(OutboxParameters(cursor: first.cursor, limit: 1))
            #expect(first.messages + second.messages == page.messages && second.cursor == nil)
            #expect(try await laptop.client.outbox(OutboxParameters(isFailed: true)).messages == [page.messages[0]])
            let message = try await laptop.client.outboxMessage(Self.id("waits"))
            #expect(message.message == "waits" && message.status == waiting && message.seq == 1)
        }
    }

    @Test("a message sent again goes out changed under another id, and the old one names it; dropped ones stay")
    func requeueAndDrop() async throws {
        try await House.runAgainstFake { asked in
            asked.send.priority == .now ? asked.ack : asked.nack("rate_limited", retryable: true, after: 600_000)
        } _: { laptop, _ in
            let meta = JSON.object(["n": .integer(1)])
            _ = try await laptop.client.send(
                SendRequest(
                    to: "laptop", message: "first", meta: meta, clientMessageID: try Self.id("old"),
                    expiresIn: 3_600_000))
            _ = try await laptop.send("second", to: "laptop", id: "dropped")
            try await eventually("the first was refused") {
                try await laptop.client.message(Self.id("old")).lastError != nil
            }
            let refused = try await laptop.call(
                .POST, "/v1/outbox/old/requeue", #"{"to":"nobody","priority":"now"}"#)
            #expect(refused.status == 404 && refused.code == .string("unknown_recipient"))
            #expect(try await laptop.client.message(Self.id("old")).status == .queued)
            let misspelt = try await laptop.call(.POST, "/v1/outbox/old/requeue", #"{"urgency":"now"}"#)
            #expect(misspelt.status == 400)

            let new = try await laptop.client.requeue(Self.id("old"), RequeuePatch(message: "changed", priority: .now))
            try await laptop.waits(for: new.clientMessageID, toBe: .relayed)
            let sent = try await laptop.client.outboxMessage(new.clientMessageID)
            #expect(sent.message == "changed" && sent.meta == meta && sent.status.priority == .now)
            #expect(sent.status.expiresAt == sent.status.queuedAt + 3_600_000)
            let old = try await laptop.client.message(Self.id("old"))
            #expect(old.status == .aborted && old.supersededBy == new.clientMessageID && old.abortedBy == "requeue")
            let twice = try await laptop.call(.POST, "/v1/outbox/old/requeue", "{}")
            #expect(twice.status == 409 && twice.code == .string("outbox_aborted"))

            let dropped = try await laptop.client.drop(Self.id("dropped"))
            #expect(dropped.status == .aborted && dropped.abortedBy == "user")
            let left = try await laptop.call(.POST, "/v1/outbox/\(new.clientMessageID)/drop")
            #expect(left.status == 409 && left.code == .string("outbox_done"))
            #expect(try await laptop.client.outbox().messages == [])
        }
    }

    @Test("what is on its way this moment is neither dropped nor sent again")
    func inflight() async throws {
        try await House.runAgainstFake {
            _ in
            .nothing
        } _: { laptop, broker in
            _ = try await laptop.send("text", to: "laptop", id: "a")
            _ = try await broker.heard.wait { $0.sent == ["a"] }
            for route in ["drop", "requeue"] {
                let answer = try await laptop.call(.POST, "/v1/outbox/a/\(route)", "{}")
                #expect(answer.status == 409 && answer.code == .string("outbox_inflight"))
                #expect(answer["error", "retryable"] == .bool(true))
            }
        }
    }

    @Test("a dropped message does not leave when the broker comes back")
    func droppedWhileAway() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            try await house.server.stop()
            try await eventually("the broker is away") { try await daemons[0].client.health().status == "degraded" }
            for id in ["1", "2", "3"] { _ = try await daemons[0].send(id, to: "studio", id: id) }
            _ = try await daemons[0].client.drop(Self.id("2"))
            try await house.server.start()
            #expect(try await daemons[1].bodies(2) == ["1", "3"])
        }
    }

    @Test("what finished messages said is erased, their ids stay taken")
    func prune() async throws {
        try await House.runAgainstFake { asked in
            asked.send.clientMessageID.description == "a" ? asked.ack : asked.nack("too_large", retryable: false)
        } _: { laptop, _ in
            let body = #"{"to":"laptop","message":"text","client_message_id":"a"}"#
            _ = try await laptop.post(body)
            try await laptop.waits(for: Self.id("a"), toBe: .relayed)
            #expect(try await laptop.client.prune(olderThan: 0).pruned == 0)
            _ = try await laptop.send("bye", to: "laptop", id: "b")
            try await laptop.waits(for: Self.id("b"), toBe: .dead)
            try await eventually("it is old enough") { try await laptop.client.prune(olderThan: 0).pruned == 1 }
            let message = try await laptop.client.outboxMessage(Self.id("b"))
            #expect(message.message == nil && message.prunedAt != nil)
            let again = try await laptop.call(.POST, "/v1/outbox/b/requeue", "{}")
            #expect(again.status == 409 && again.code == .string("outbox_pruned"))
            #expect(try await laptop.post(body).status == 200)
        }
    }

    @Test("lines sent together are taken in order, up to the first that is refused")
    func batch() async throws {
        try await House.runAgainstFake {
            $0.ack
        } _: { laptop, broker in
            let requests = ["one", "two", String(repeating: "x", count: 5000), "four"].map {
                SendRequest(to: "laptop", message: $0)
            }
            let answer = try await laptop.client.send(SendBatch(messages: requests))
            #expect(answer.answers.map(\.status) == [.queued, .queued])
            #expect(answer.refusal?.code == "message_too_large" && answer.refusal?.category == .tooLarge)
            let last = try #require(answer.answers.last)
            try await laptop.waits(for: last.clientMessageID, toBe: .relayed)
            #expect(broker.heard.value.sent == answer.answers.map(\.clientMessageID.description))
            let none = try await laptop.client.send(SendBatch(messages: []))
            #expect(none.answers == [] && none.refusal == nil)
        }
    }

    @Test("a query parameter that a route does not know is refused, naming those it knows")
    func queries() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            let unknown = try await laptop.call(.GET, "/v1/inbox?form=studio")
            #expect(unknown.status == 400 && unknown.code == .string("invalid_request"))
            #expect(
                unknown["error", "message"]
                    == .string(
                        "form is no query parameter of this route: known are cursor, since, from, topic, limit, last"))
            let routes = [
                "/v1/outbox", "/v1/outbox/x", "/v1/message/x", "/v1/history", "/v1/inbox/search", "/v1/health",
                "/v1/version", "/v1/devices", "/v1/peers", "/v1/members", "/v1/events", "/v1/wallet/succession",
            ]
            for route in routes {
                let answer = try await laptop.call(.GET, "\(route)?surprise=x")
                #expect(answer.status == 400 && answer.code == .string("invalid_request"), "\(route)")
            }
            for route in ["/v1/send", "/v1/send/batch", "/v1/inbox/read", "/v1/outbox/prune", "/v1/vault/status"] {
                #expect(try await laptop.call(.POST, "\(route)?x=1", "{}").status == 400, "\(route)")
            }
            #expect(try await laptop.call(.GET, "/v1/inbox?limit=1&limit=2").status == 400)
            #expect(try await laptop.call(.GET, "/v1/nowhere?x=1").status == 404)
            for query in ["failed=yes", "cursor=x", "limit=-1"] {
                #expect(try await laptop.call(.GET, "/v1/outbox?\(query)").status == 400, "\(query)")
            }
            for query in ["cursor=1", "cursor=1.x", "last=x", "limit=x"] {
                #expect(try await laptop.call(.GET, "/v1/history?\(query)").status == 400, "\(query)")
            }
        }
    }
}
