import KinDaemonAPI
import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import Testing

/// `POST /v1/send`, as any program on the host may call it.
@Suite struct SendingTests {
    @Test("an id makes a repeat recognisable: 202 while it waits, 200 when it was sent, 409 for another message")
    func idempotency() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let laptop = daemons[0]
            try await house.server.stop()
            let body = #"{"to":"studio","message":"once"}"#
            let first = try await laptop.post(body, key: "key-1")
            #expect(first.status == 202 && first["status"] == .string("queued") && first["duplicate"] == .bool(false))
            #expect(first["client_message_id"] == .string("key-1") && first["broker_message_id"] == .null)
            let waiting = try await laptop.post(body, key: "key-1")
            #expect(waiting.status == 202 && waiting["duplicate"] == .bool(true))
            let other = try await laptop.post(#"{"to":"studio","message":"twice"}"#, key: "key-1")
            #expect(other.status == 409 && other.code == .string("outbox_pending_fingerprint_mismatch"))
            guard case .string(let fingerprint)? = other["error", "detail", "stored_fingerprint"] else {
                Issue.record("a conflict carries the stored fingerprint")
                return
            }
            #expect(fingerprint.count == 16)

            try await house.server.start()
            try await laptop.waits(for: ClientMessageID("key-1").orThrow("an id"), toBe: .delivered)
            let done = try await laptop.post(body, key: "key-1")
            #expect(done.status == 200 && done["duplicate"] == .bool(true) && done["status"] == .string("delivered"))
            guard case .integer? = done["broker_message_id"] else {
                Issue.record("a finished message has the broker's id")
                return
            }
            let late = try await laptop.post(#"{"to":"studio","message":"twice"}"#, key: "key-1")
            #expect(late.status == 409 && late.code == .string("outbox_done_fingerprint_mismatch"))
            #expect(late["error", "detail", "stored_fingerprint"] == .string(fingerprint))
            #expect(try await daemons[1].bodies(1) == ["once"])
        }
    }

    @Test("whatever makes a request another one makes a conflict")
    func otherRequests() async throws {
        let others = [
            #"{"to":"laptop","message":"m"}"#, #"{"to":"studio","message":"n"}"#,
            #"{"to":"studio","message":"m","priority":"low"}"#, #"{"to":"studio","message":"m","meta":{}}"#,
            #"{"to":"studio","message":"m","reply_to":"x"}"#, #"{"to":"studio","message":"m","expires_in":5000}"#,
        ]
        try await House.run { house in
            let laptop = try await house.start(family: "laptop", "studio")[0]
            #expect(try await laptop.post(#"{"to":"studio","message":"m"}"#, key: "same").status == 202)
            for body in others { #expect(try await laptop.post(body, key: "same").status == 409, "\(body)") }
        }
    }

    @Test("the header's id wins over the body's, and without either one is made")
    func ids() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            try await laptop.sees(["laptop"])
            let body = #"{"to":"laptop","message":"m","client_message_id":"body"}"#
            #expect(try await laptop.post(body, key: "header")["client_message_id"] == .string("header"))
            #expect(try await laptop.post(body)["client_message_id"] == .string("body"))
            guard
                case .string(let made)? = try await laptop.post(#"{"to":"laptop","message":"m"}"#)["client_message_id"]
            else {
                Issue.record("an id is made")
                return
            }
            #expect(ULID(made) != nil)
        }
    }

    @Test("an unknown recipient is refused with the candidates, and its id stays free")
    func unknownRecipient() async throws {
        try await House.run { house in
            let laptop = try await house.start(family: "laptop", "studio")[0]
            let answer = try await laptop.post(#"{"to":"stduio","message":"m"}"#, key: "free")
            #expect(answer.status == 404 && answer.code == .string("unknown_recipient"))
            #expect(answer["error", "detail", "candidates"] == .array([.string("laptop"), .string("studio")]))
            #expect(answer["error", "retryable"] == .bool(false))
            #expect(try await laptop.post(#"{"to":"studio","message":"m"}"#, key: "free").status == 202)
        }
    }

    @Test("what fits a frame travels in it; what does not is beside it at the server")
    func tooLarge() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let laptop = daemons[0]
            try await laptop.isConnected()
            let fits = String(repeating: "y", count: 63_000)
            _ = try await laptop.send(fits, to: "studio")
            #expect(try await daemons[1].bodies(1) == [fits])
            #expect(try house.blobs() == [])
            // Controls take six bytes each in JSON: far fewer of them are too many.
            let controls = String(repeating: "\u{1}", count: 12_000)
            _ = try await laptop.send(controls, to: "studio")
            #expect(try await daemons[1].bodies(2) == [fits, controls])
            #expect(try house.blobs().count == 1)
        }
    }

    @Test("a body over 1 MiB is refused unread")
    func bodyTooLarge() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            let answer = try await laptop.post(String(repeating: " ", count: SendRequest.maxBytes + 1))
            #expect(answer.status == 413 && answer.code == .string("body_too_large"))
            #expect(try await laptop.client.health().status != "")
        }
    }

    @Test("what cannot be sent is refused at once, not lost later, and its id stays free")
    func unsendable() async throws {
        let bodies = [
            (#"{"to":"laptop","message":"m","surprise":1}"#, "invalid_request"),
            (#"{"to":"laptop"}"#, "invalid_request"),
            ("", "invalid_request"), ("[]", "invalid_request"),
            (##"{"to":"#topic","message":"m"}"##, "unknown_topic"), (##"{"to":"#","message":"m"}"##, "unknown_topic"),
            (#"{"to":"laptop","message":"m","meta":{"n":9007199254740993}}"#, "invalid_request"),
            (#"{"to":"laptop","message":"m","meta":{"deep":[{"n":-1152921504606846976}]}}"#, "invalid_request"),
            (#"{"to":"laptop","message":"m","expires_in":9007199254740991}"#, "invalid_request"),
        ]
        try await House.run { house in
            let laptop = try await house.start("laptop")
            try await laptop.sees(["laptop"])
            for (body, code) in bodies {
                let answer = try await laptop.post(body, key: "free")
                #expect(
                    answer.status == (code == "unknown_topic" ? 404 : 400) && answer.code == .string(code), "\(body)")
            }
            for key in ["with space", "é", String(repeating: "x", count: 65)] {
                let answer = try await laptop.post(#"{"to":"laptop","message":"m"}"#, key: key)
                #expect(answer.status == 400 && answer.code == .string("invalid_request"), "\(key)")
            }
            #expect(try await laptop.call(.GET, "/v1/message/free").status == 404)
        }
    }

    @Test("a message that expires before it can be sent is dead, says why, and keeps its id")
    func expires() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let laptop = daemons[0]
            try await house.server.stop()
            let body = #"{"to":"studio","message":"late","expires_in":1}"#
            #expect(try await laptop.post(body, key: "late").status == 202)
            _ = try await laptop.send("after", to: "studio")
            try await house.server.start()
            let status = try await laptop.waits(for: ClientMessageID("late").orThrow("an id"), toBe: .dead)
            #expect(status.lastError == "expired" && status.expiresAt != nil)
            #expect(try await daemons[1].bodies(1) == ["after"])
            let again = try await laptop.post(body, key: "late")
            #expect(again.status == 409 && again.code == .string("outbox_dead_fingerprint_match"))
            let other = try await laptop.post(#"{"to":"studio","message":"other"}"#, key: "late")
            #expect(other.status == 409 && other.code == .string("outbox_dead_fingerprint_mismatch"))
            #expect(try await laptop.client.health().outboxDead == 1)
        }
    }
}
