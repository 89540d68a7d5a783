import KinEncoding
import KinIdentity
import KinServer
import KinTestServer
import KinTesting
import KinWire
import Testing

/// `POST /v1/meshes`.
@Suite struct MeshesTests {
    private func bring(_ chain: Chain, _ credential: String, _ bench: HTTPBench) async throws -> HTTPBench.Answer {
        try await bench.post(chain.canonicalBytes(), credential, path: "/v1/meshes", type: "application/json")
    }

    @Test("a family that was never here is brought by a key with that scope, once, and may then send")
    func brought() async throws {
        try await HTTPBench.run { bench in
            let family = try TestFamily(now: HTTPBench.now - 1000)
            let (one, other) = (try await family.device(), try await family.device())
            let key = try await bench.apiKey(.init(scopes: [.createMesh])).text
            #expect(try await bench.post(bench.frame("a"), bench.token(of: one)).code == "token_key_unknown")
            #expect(try await bring(one.chain, key, bench).status == 201)
            #expect(try await bring(other.chain, key, bench).status == 200)
            let sent = try await bench.post(bench.frame("a", to: other.member), bench.token(of: one))
            #expect(sent.status == 202)
        }
    }

    @Test("no other credential brings one, and no chain that is not valid")
    func refused() async throws {
        try await HTTPBench.run { bench in
            let stranger = try await TestFamily(now: HTTPBench.now - 1000).device()
            for credential in [try bench.token(), try await bench.apiKey().text] {
                let answer = try await bring(stranger.chain, credential, bench)
                #expect(answer.status == 403 && answer.code == "scope_missing")
            }
            let key = try await bench.apiKey(.init(scopes: [.createMesh])).text
            var forged = stranger.chain
            forged.certificate.role = .guest
            forged.certificate.expiresAt = .max >> 11
            #expect(try await bring(forged, key, bench).code == "chain_invalid")
            let garbage = try await bench.post([1], key, path: "/v1/meshes", type: "application/json")
            #expect(garbage.status == 400 && garbage.code == "invalid_message")
            #expect(try await bench.post(bench.frame("a"), bench.token(of: stranger)).code == "token_key_unknown")
        }
    }
}
