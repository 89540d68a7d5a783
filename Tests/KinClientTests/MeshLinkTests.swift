import KinClient
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import Testing

/// Against a real server.
@Suite struct MeshLinkTests {
    private let house: Household

    init() throws { house = try Household() }

    private func identity() async throws -> MeshIdentity {
        let device = try await house.device(at: realNow())
        return MeshIdentity(chain: device.chain, keys: device.keys)
    }

    @Test("a session becomes ready, and tells the members")
    func opens() async throws {
        let me = try await identity()
        try await TestServer.run { server in
            let recorder = LinkRecorder()
            let link = try await recorder.open(server.url, as: me)
            #expect(try await recorder.ready().inlineBytes == MeshFrame.defaultInlineBytes)
            let heard = try await recorder.heard.wait { $0.types.contains("topics_end") }
            #expect(heard.types == ["member", "members_end", "topic", "topics_end"])
            #expect(heard.reads > 0 && heard.ends.isEmpty)
            link.close()
            guard case .lost = try await recorder.end() else {
                Issue.record("a session closed here is lost, not refused")
                return
            }
        }
    }

    @Test("frames go both ways in order, and a member hears of another")
    func carries() async throws {
        let (one, two) = (try await identity(), try await identity())
        try await TestServer.run { server in
            let (first, second) = (LinkRecorder(), LinkRecorder())
            let link = try await first.open(server.url, as: one)
            _ = try await first.ready()
            let other = try await second.open(server.url, as: two)
            _ = try await second.ready()
            try await first.heard.wait { $0.types.contains("member_joined") }
            let ids = ["a", "b", "c"]
            link.send(
                try ids.enumerated().map { index, id in
                    MeshFrame.send(
                        Send(
                            clientMessageID: try ClientMessageID(id).orThrow("id"),
                            requestFingerprint: [UInt8](repeating: 1, count: 32), line: [UInt8](repeating: 1, count: 8),
                            seq: Int64(index + 1), destination: .dm(two.chain.member), priority: .next)
                    ).encoded(body: [UInt8](repeating: 7, count: 100))
                })
            let heard = try await first.heard.wait { $0.types.filter { $0 == "ack" }.count == 3 }
            #expect(
                heard.frames.compactMap {
                    if case .ack(let ack) = $0.message { ack.clientMessageID.description } else { nil }
                } == ids)
            let pushed = try await second.heard.wait { $0.types.filter { $0 == "push" }.count == 3 }
            #expect(
                pushed.frames.compactMap {
                    if case .push(let push) = $0.message { push.clientMessageID.description } else { nil }
                }
                    == ids)
            other.close()
            try await first.heard.wait { $0.types.contains("peer_leave") }
            link.close()
        }
    }

    @Test("a second session of the same device ends the first for good")
    func replaced() async throws {
        let me = try await identity()
        try await TestServer.run { server in
            let (first, second) = (LinkRecorder(), LinkRecorder())
            _ = try await first.open(server.url, as: me)
            _ = try await first.ready()
            let link = try await second.open(server.url, as: me)
            _ = try await second.ready()
            guard case .fatal(let error) = try await first.end() else {
                Issue.record("the older session ends fatally")
                return
            }
            #expect(error.code == "replaced_by_newer_connection")
            #expect(second.heard.value.ends.isEmpty)
            link.close()
        }
    }

    @Test("a server that goes down is a lost connection")
    func serverStops() async throws {
        let me = try await identity()
        let recorder = LinkRecorder()
        try await TestServer.run { server in
            _ = try await recorder.open(server.url, as: me)
            _ = try await recorder.ready()
        }
        #expect(try await recorder.end() == .lost("server_draining"))
    }

    @Test("a clock that is wrong is said as such, with both times")
    func clockSkew() async throws {
        let me = try await identity()
        try await TestServer.run { server in
            let recorder = LinkRecorder()
            _ = try await recorder.open(server.url, as: me) { realNow() + 120_000 }
            guard case .refused("clock_skew", let message) = try await recorder.end() else {
                Issue.record("a wrong clock is refused, not \(recorder.heard.value.ends)")
                return
            }
            #expect(message.contains("yours") && message.contains("server's"))
            #expect(recorder.heard.value.features == nil)
        }
    }

    @Test("a server that takes no new families says so")
    func notAllowed() async throws {
        let me = try await identity()
        try await TestServer.run(admission: .wallets([])) { server in
            let recorder = LinkRecorder()
            _ = try await recorder.open(server.url, as: me)
            guard case .refused("mesh_not_allowed", let message) = try await recorder.end() else {
                Issue.record("the family is refused, not \(recorder.heard.value.ends)")
                return
            }
            #expect(message.contains(me.chain.certificate.mesh.wallet.description))
        }
    }
}
