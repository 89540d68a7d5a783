import KinCrypto
import KinEncoding
import KinIdentity
import KinServer
import KinTestServer
import KinTesting
import KinWire
import Testing

@Suite struct CredentialTests {
    // MARK: Tokens

    @Test("a token that may not be taken is 401 by its code")
    func tokens() async throws {
        try await HTTPBench.run { bench in
            let now = HTTPBench.now
            let used = try bench.token()
            #expect(try await bench.post(bench.frame("a"), used).status == 202)
            let machine = bench.laptop.machineID
            let stranger = TestDevice(copying: bench.laptop.rotated(), chain: bench.laptop.chain)
            let cases: [(String, String)] = try [
                (used, "token_replayed"), (bench.token(at: now + 302_000), "token_future"),
                (bench.token(at: now - 302_000), "token_expired"),
                (bench.token(at: now - 60_000), "token_before_start"),
                (bench.token(audience: .server(origin: "https://kin.example")), "token_invalid"),
                (bench.token(audience: .device(machine)), "token_invalid"),
                (bench.token(of: stranger), "token_key_unknown"), ("kin1.", "token_malformed"),
                ("x", "token_malformed"), (String(repeating: "A", count: 139), "token_bare_refused"),
                (String(used.dropLast()), "token_malformed"),
                (String(repeating: "k", count: 20_000), "token_malformed"),
            ]
            for (index, (token, code)) in cases.enumerated() {
                let answer = try await bench.post(bench.frame("t-\(index)"), token)
                #expect(answer.status == 401 && answer.code == code, "\(code): \(answer)")
                #expect(answer.headers["www-authenticate"] == "Bearer")
                #expect(bench.log.all.contains("\"\(code)\""))
            }
            #expect(!bench.log.all.contains(used))
            #expect(try await bench.stored() == ["a"])
        }
    }

    @Test("a token from before a restart is refused after it, a fresh one taken")
    func restart() async throws {
        try await HTTPBench.run { bench in
            let time = bench.soonest
            let (one, other) = (try bench.token(at: time), try bench.token(at: time))
            #expect(try await bench.post(bench.frame("a"), one).status == 202)
            let origin = TokenAudience.server(origin: try bench.server.url)
            try await bench.stop()
            try await eventually("the tokens' second is over") { HTTPBench.now / 1000 > time / 1000 }
            try await bench.start()
            // The port is another one now: what was made for the old one is refused for its date first.
            for token in [one, other] {
                #expect(try await bench.post(bench.frame("b"), token).code == "token_before_start")
            }
            #expect(try await bench.post(bench.frame("b"), bench.token(audience: origin)).code == "token_invalid")
            #expect(try await bench.post(bench.frame("b"), bench.token()).status == 202)
        }
    }

    @Test("bare tokens are taken where the server says so, once a second")
    func bare() async throws {
        let vector = try Vector.list("kindred/tokens.json", "bare")[0]
        try await HTTPBench.run(auth: .init(acceptBareTokens: true)) { bench in
            let old = try await bench.post(bench.frame("a"), vector.text("token"))
            #expect(old.status == 401 && old.code == "token_expired")
        }
    }

    @Test("the key in force counts: after a rotation the old one is unknown")
    func rotation() async throws {
        try await HTTPBench.run { bench in
            let rotated = bench.laptop.rotated(at: HTTPBench.now)
            let keys = try await bench.apiKey(.init(scopes: [.createMesh]))
            let told = try await bench.post(
                rotated.chain.canonicalBytes(), keys.text, path: "/v1/meshes", type: "application/json")
            #expect(told.status == 200 && told.json["created"] == .bool(false))
            #expect(try await bench.post(bench.frame("a"), bench.token()).code == "token_key_unknown")
            #expect(try await bench.post(bench.frame("a"), bench.token(of: rotated)).status == 202)
        }
    }

    @Test("a key that two meshes name needs the mesh said, and is no way into the other")
    func twoMeshes() async throws {
        try await HTTPBench.run { bench in
            // A stranger certifies the laptop's key in a mesh of its own, under the laptop's own member id.
            let thief = try TestWallet()
            let certificate = try await thief.sign(
                Certificate(
                    mesh: thief.home, member: bench.laptop.member, machineID: bench.laptop.machineID,
                    ed25519: bench.laptop.keys.signing.publicKey.bytes,
                    x25519: bench.laptop.keys.sealing.publicKey.bytes,
                    role: .owner, issuedAt: HTTPBench.now, issuer: .wallet))
            let key = try await bench.apiKey(.init(scopes: [.createMesh])).text
            let brought = try await bench.post(
                Chain(certificate: certificate).canonicalBytes(), key, path: "/v1/meshes", type: "application/json")
            #expect(brought.status == 201)
            #expect(brought.json["mesh"] == .string(thief.home.description))
            let unsaid = try await bench.post(bench.frame("a"), bench.token())
            #expect(unsaid.status == 400 && unsaid.code == "mesh_required")
            let said = try await bench.post(
                bench.frame("a"), bench.token(), path: "/v1/messages?mesh=\(bench.family.mesh)")
            #expect(said.status == 202)
            let other = try await bench.post(bench.frame("b"), bench.token(), path: "/v1/messages?mesh=\(thief.home)")
            #expect(other.status == 404 && other.code == "unknown_member")
            #expect(try await bench.stored() == ["a"])
        }
    }

    // MARK: API keys

    @Test("an API key sends for its member, and is refused by its code when it is not good")
    func apiKeys() async throws {
        try await HTTPBench.run { bench in
            let good = try await bench.apiKey()
            #expect(try await bench.post(bench.frame("a"), good.text).status == 202)
            let unknown = try await bench.post(bench.frame("b"), APIKey.random().withText { $0 })
            #expect(unknown.status == 401 && unknown.code == "api_key_unknown")
            let short = try await bench.apiKey(
                .init(member: bench.laptop.member, scopes: [.send], lifetime: 1), now: HTTPBench.now - 10)
            #expect(try await bench.post(bench.frame("b"), short.text).code == "api_key_expired")
            let narrow = try await bench.post(bench.frame("b"), bench.apiKey(.init(scopes: [.createMesh])).text)
            #expect(narrow.status == 403 && narrow.code == "scope_missing")
            let nobody = ULID(milliseconds: 1, randomness: Random.bytes(10))
            let idle = try await bench.apiKey(.init(member: nobody, mesh: bench.family.mesh, scopes: [.send]))
            let answer = try await bench.post(bench.frame("b"), idle.text)
            #expect(answer.status == 403 && answer.code == "not_a_member")
            _ = try await bench.withKeys { try await $0.revoke(good.id, now: HTTPBench.now) }
            let revoked = try await bench.post(bench.frame("b"), good.text)
            #expect(revoked.status == 401 && revoked.code == "api_key_revoked")
            #expect(!bench.log.all.contains(good.text))
            #expect(try await bench.stored() == ["a"])
        }
    }

    @Test("a key revoked while its request streams ends it at once, and nothing is stored", arguments: [0, 1, 500])
    func revokedWhileStreaming(sent: Int) async throws {
        try await HTTPBench.run { bench in
            let key = try await bench.apiKey()
            let frame = try bench.frame("a", body: [UInt8](repeating: 1, count: 1000))
            let peer = try await bench.begin(key.text, length: frame.count, first: Array(frame.prefix(sent)))
            try await bench.isInUse(key.id)
            #expect(peer.heard.value.text.isEmpty)
            _ = try await bench.withKeys { try await $0.revoke(key.id, now: HTTPBench.now) }
            try await peer.heard.wait { $0.text.contains("api_key_revoked") }
            peer.send(Array(frame.dropFirst(sent)))
            try await peer.heard.wait { $0.isEnded }
            #expect(peer.heard.value.text.hasPrefix("HTTP/1.1 401 "))
            #expect(try await bench.stored() == [])
        }
    }

    @Test("a key needs a scope, and one that sends a member this server has seen")
    func making() async throws {
        try await HTTPBench.run { bench in
            let nobody = ULID(milliseconds: 1, randomness: Random.bytes(10))
            let cases: [(ServerAPIKeys.Request, String)] = [
                (.init(scopes: []), "scope_required"), (.init(scopes: [.send]), "member_required"),
                (.init(member: nobody, scopes: [.send]), "member_unknown"),
                (.init(scopes: [.createMesh], description: String(repeating: "x", count: 201)), "description_too_long"),
            ]
            for (request, code) in cases {
                let error = await #expect(throws: KinError.self) { _ = try await bench.apiKey(request) }
                #expect(error?.code == code)
            }
            let kept = try await bench.withKeys { try $0.all() }
            #expect(kept.isEmpty)
        }
    }

    // MARK: Where credentials belong

    @Test("without a credential, with two, or with another scheme nothing is taken")
    func header() async throws {
        try await HTTPBench.run { bench in
            let none = try await bench.post(bench.frame("a"), nil)
            #expect(none.status == 401 && none.code == "credential_missing")
            let token = try bench.token()
            let two = try await bench.post(bench.frame("a"), token, adding: [("Authorization", "Bearer x")])
            #expect(two.status == 400)
            for value in ["Basic eA==", "Bearer", "Bearer a b", ""] {
                let answer = try await bench.post(bench.frame("a"), nil, adding: [("Authorization", value)])
                #expect(answer.status == 401 && answer.code == "credential_missing", "\(value)")
            }
            #expect(
                try await bench.post(bench.frame("a"), nil, adding: [("Authorization", "bearer \(token)")]).status
                    == 202)
        }
    }

    @Test(
        "a credential in an address is refused everywhere, logged without it, whatever the header says",
        arguments: [
            "/v1/messages?token=", "/healthz?token=", "/registry?wallet=x&token=", "/nowhere?access_token=",
            "/healthz?Token=", "/healthz?%74oken=",
        ])
    func address(path: String) async throws {
        try await HTTPBench.run { bench in
            let token = try bench.token()
            let answer = try await bench.post(bench.frame("a"), token, path: path + token)
            #expect(answer.status == 400 && answer.code == "credential_in_address")
            #expect(bench.log.all.contains("credential_in_address"))
            #expect(bench.log.all.contains("127.0.0.1"))
            #expect(!bench.log.all.contains(token))
            #expect(try await bench.stored() == [])
        }
    }

    @Test("so is one in the address of a WebSocket")
    func webSocketAddress() async throws {
        try await HTTPBench.run { bench in
            let peer = try await RawPeer.connect(to: bench.server.port)
            peer.send(RawPeer.handshake.replacing("GET /mesh ", with: "GET /mesh?token=abc "))
            try await peer.heard.wait { $0.isEnded }
            #expect(peer.heard.value.text.hasPrefix("HTTP/1.1 400 "))
            #expect(bench.log.all.contains("credential_in_address"))
        }
    }
}
