import KinClient
import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import NIOCore
import NIOPosix
import Testing

/// Against brokers that do what no broker should.
@Suite struct MeshLinkAgainstFakesTests {
    private let me: MeshIdentity

    init() async throws {
        let device = try await Household().device(at: realNow())
        me = MeshIdentity(chain: device.chain, keys: device.keys)
    }

    /// How a session with such a broker ends, and what the broker saw of it.
    private func end(with manner: FakeBroker.Manner) async throws -> (MeshEnd, FakeBroker.Heard) {
        try await FakeBroker.run(manner) { broker in
            let recorder = LinkRecorder()
            _ = try await recorder.open(broker.url, as: me)
            let end = try await recorder.end()
            let heard = try await broker.heard.wait { !$0.closures.isEmpty }
            #expect(recorder.heard.value.features == nil && recorder.heard.value.ends.count == 1)
            return (end, heard)
        }
    }

    @Test("a broker that upgrades and says nothing is given up after ten seconds")
    func silent() async throws {
        let began = ContinuousClock.now
        let (end, heard) = try await end(with: .silent)
        #expect(end == .lost("the server did not finish the opening in 10 s"))
        #expect(ContinuousClock.now - began >= .seconds(10))
        #expect(heard.closures.first?.code == 1001)
    }

    @Test("a peer that accepts and never answers is given up after ten seconds, with the address")
    func neverAnswers() async throws {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(listener.localAddress?.port)
        let error = await #expect(throws: MeshEnd.self) {
            _ = try await LinkRecorder().open("http://127.0.0.1:\(port)", as: me)
        }
        #expect(error?.reason.contains("127.0.0.1:\(port)") == true && error?.reason.contains("10") == true)
        try await listener.close()
    }

    @Test("a port where nobody listens is said at once, with the address")
    func nobody() async throws {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(listener.localAddress?.port)
        try await listener.close()
        let error = await #expect(throws: MeshEnd.self) {
            _ = try await LinkRecorder().open("http://127.0.0.1:\(port)", as: me)
        }
        guard case .lost(let reason)? = error else { return }
        #expect(reason.contains("127.0.0.1") && reason.contains("\(port)"))
    }

    @Test("a broker that closes at once is a lost connection with its reason")
    func closes() async throws {
        let (end, _) = try await end(with: .closes(.serverDraining, "going"))
        #expect(end == .lost("going"))
    }

    @Test("a fatal close is fatal during the opening too")
    func closesFatally() async throws {
        let (end, _) = try await end(with: .closes(.memberAlreadyConnected, "member_already_connected"))
        guard case .fatal(let error) = end else {
            Issue.record("a member that is connected already is told so, not \(end)")
            return
        }
        #expect(error.code == "member_already_connected")
    }

    @Test(
        "garbage ends the attempt and nothing else",
        arguments: [
            [], [0], [0, 0, 0, 1], [255, 255, 255, 255, 1, 2, 3], Array("\u{0}\u{0}\u{0}\u{2}{}".utf8),
            MeshFrame.membersEnd(MembersEnd(version: 1)).encoded(),
            MeshFrame.membersEnd(MembersEnd(version: 1)).encoded(body: [1]),
        ] as [[UInt8]])
    func garbage(_ bytes: [UInt8]) async throws {
        let (end, heard) = try await end(with: .says(bytes))
        guard case .lost = end else {
            Issue.record("garbage is a lost connection, not \(end)")
            return
        }
        #expect(heard.frames.isEmpty && heard.closures.first?.code == 1001)
    }

    @Test("text where bytes belong ends the attempt")
    func text() async throws {
        let (end, _) = try await end(with: .talks("hello"))
        #expect(end == .lost("the server sent text: is it a kin server?"))
    }

    @Test("a broker that lacks a required feature is closed 4010 with the reason as JSON, and the daemon is to end")
    func missingFeature() async throws {
        var features = FeatureResponse.sound
        features.supported["client_message_id_dedupe"] = nil
        features.missingRequired = ["client_message_id_dedupe"]
        let (end, heard) = try await end(with: .offers(features))
        guard case .fatal(let error) = end else {
            Issue.record("a missing required feature is fatal, not \(end)")
            return
        }
        #expect(error.code == "feature_unavailable")
        let closure = try #require(heard.closures.first)
        #expect(closure.code == 4010)
        #expect(
            try JSON.parse(Array(closure.reason.utf8))
                == .object([
                    "kind": .string("feature_unavailable"), "feature": .string("client_message_id_dedupe"),
                    "detail": .string("the broker does not offer it"),
                ]))
        #expect(heard.types == ["hello", "feature_negotiation_request"])
    }

    @Test("a refused hello carries the broker's code and advice")
    func refused() async throws {
        let (end, _) = try await end(with: .refuses(code: "clock_skew", message: "set your clock"))
        #expect(end == .refused(code: "clock_skew", message: "set your clock"))
    }
}
