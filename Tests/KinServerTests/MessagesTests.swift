import KinEncoding
import KinIdentity
import KinServer
import KinTestServer
import KinTesting
import KinWire
import Testing

@Suite struct MessagesTests {
    // MARK: Acceptance

    @Test(
        "a send is taken once, over TCP and TLS: stored, a duplicate, another under its id", arguments: [false, true])
    func acceptance(overTLS: Bool) async throws {
        try await HTTPBench.run(tls: overTLS ? SelfSigned() : nil) { bench in
            let first = try await bench.post(bench.frame("m-1"), bench.token())
            #expect(first.status == 202)
            #expect(first.json["client_message_id"] == .string("m-1"))
            #expect(first.json["duplicate"] == .bool(false))
            #expect(first.json["history_id"] == first.json["broker_message_id"])
            let second = try await bench.post(bench.frame("m-1"), bench.token())
            #expect(second.status == 200)
            #expect(second.json["duplicate"] == .bool(true))
            #expect(second.json["broker_message_id"] == first.json["broker_message_id"])
            #expect(second.json["first_seen_at"] != .null)
            let third = try await bench.post(bench.frame("m-1", fingerprint: 2), bench.token())
            #expect(third.status == 409)
            #expect(third.code == "idempotency_key_reused")
            #expect(third.json["error"]["detail"]["stored_fingerprint"] == .string("0101010101010101"))
            #expect(try await bench.stored() == ["m-1"])
        }
    }

    @Test("what cannot be taken is answered with why")
    func refusals() async throws {
        try await HTTPBench.run { bench in
            let key = try await bench.apiKey().text
            let stranger = ULID(milliseconds: 1, randomness: [UInt8](repeating: 5, count: 10))
            let unknown = try await bench.post(bench.frame("a", to: stranger), key)
            #expect(unknown.status == 404 && unknown.code == "unknown_member")
            #expect(unknown.json["error"]["retryable"] == .bool(true))
            let late = try await bench.post(bench.frame("b", expiresAt: 1), key)
            #expect(late.status == 400 && late.code == "expired")
            let garbage = try await bench.post([0, 0, 0, 1, 2, 3], key)
            #expect(garbage.status == 400 && garbage.code == "invalid_message")
            let other = try await bench.post(MeshFrame.membersEnd(MembersEnd(version: 1)).encoded(), key)
            #expect(other.status == 400 && other.code == "invalid_message")
            let media = try await bench.post(bench.frame("c"), key, type: "application/json")
            #expect(media.status == 415 && media.code == "media_type")
            let mesh = try await bench.post(bench.frame("d"), key, path: "/v1/messages?mesh=home")
            #expect(mesh.status == 400 && mesh.code == "invalid_request")
            #expect(try await bench.stored() == [])
        }
    }

    @Test("a body is at most one frame; a larger one is refused by its length, and as it comes")
    func size() async throws {
        try await HTTPBench.run { bench in
            let key = try await bench.apiKey().text
            let limit = MeshFrame.defaultInlineBytes
            let fits = try await bench.post(bench.frame("a", body: [UInt8](repeating: 1, count: limit)), key)
            #expect(fits.status == 202)
            let sealed = try await bench.post(bench.frame("b", body: [UInt8](repeating: 1, count: limit + 1)), key)
            #expect(sealed.status == 413 && sealed.code == "too_large")
            let announced = try await bench.begin(key, length: 1 << 30, first: [])
            try await announced.heard.wait { $0.isEnded }
            #expect(announced.heard.value.text.hasPrefix("HTTP/1.1 413 "))
            #expect(announced.heard.value.text.contains("body_too_large"))
            let chunked = try await RawPeer.connect(to: bench.server.port)
            chunked.send(
                "POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\n"
                    + "Authorization: Bearer \(key)\r\nTransfer-Encoding: chunked\r\n\r\n")
            let chunk = "4000\r\n" + String(repeating: "x", count: 0x4000) + "\r\n"
            for _ in 0..<6 { chunked.send(chunk) }
            try await chunked.heard.wait { $0.isEnded }
            #expect(chunked.heard.value.text.hasPrefix("HTTP/1.1 413 "))
            #expect(try await bench.stored() == ["a"])
        }
    }

    @Test("a body that breaks off is not taken for a shorter one")
    func brokenOff() async throws {
        try await HTTPBench.run { bench in
            let key = try await bench.apiKey()
            let frame = try bench.frame("a", body: [UInt8](repeating: 1, count: 1000))
            let peer = try await bench.begin(key.text, length: frame.count, first: Array(frame.dropLast(10)))
            try await bench.isInUse(key.id)
            await peer.close()
            // The next request is answered after the server has seen the end of the first.
            #expect(try await bench.post(bench.frame("b"), key.text).status == 202)
            #expect(try await bench.stored() == ["b"])
        }
    }

    @Test("mutated frames are answered, never with a failure of the server")
    func garbage() async throws {
        try await HTTPBench.run { bench in
            let key = try await bench.apiKey().text
            var random = SeededGenerator(seed: 11)
            for turn in 0..<200 {
                var bytes = try bench.frame("g-\(turn)", body: random.bytes(upTo: 64) + [1])
                for _ in 0..<random.number(in: 1..<4) { bytes[random.number(in: 0..<bytes.count)] = random.bytes(1)[0] }
                let answer = try await bench.post(Array(bytes.prefix(random.number(in: 0..<bytes.count + 1))), key)
                #expect([202, 200, 400, 404, 409].contains(answer.status), "\(answer)")
            }
        }
    }

    @Test("a caller has at most 32 requests open, and others go on meanwhile")
    func inFlight() async throws {
        try await HTTPBench.run { bench in
            let key = try await bench.apiKey().text
            var open: [RawPeer] = []
            for _ in 0..<40 { open.append(try await bench.begin(key, length: 100, first: [1])) }
            try await eventually("8 of 40 are refused") {
                open.filter { $0.heard.value.text.contains("server_busy") }.count == 8
            }
            let refused = try await bench.post(bench.frame("a"), key)
            #expect(refused.status == 429 && refused.code == "server_busy")
            #expect(try await bench.post(bench.frame("b"), bench.token()).status == 202)
            for peer in open { await peer.close() }
            try await eventually("the key may send again") {
                try await bench.post(bench.frame("c"), key).status == 202
            }
        }
    }

    @Test("a request whose body does not come holds up no shutdown")
    func shutdown() async throws {
        try await HTTPBench.run { bench in
            let key = try await bench.apiKey()
            let peer = try await bench.begin(key.text, length: 100, first: [1])
            try await bench.isInUse(key.id)
            let start = ContinuousClock.now
            try await bench.stop()
            #expect(ContinuousClock.now - start < .seconds(4))
            #expect(peer.heard.value.text.hasPrefix("HTTP/1.1 503 "))
        }
    }
}

extension HTTPBench {
    /// Waits until the server has looked a key up: then it reads the body.
    func isInUse(_ id: ULID) async throws {
        try await withKeys { keys in
            try await eventually("the key is in use") {
                try keys.all().first { $0.id == id }?.lastUsedAt != nil
            }
        }
    }
}
