import KinEncoding
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import Testing

@testable import KinClient

@Suite struct MeshOpeningTests {
    private let origin = "https://kin.example.org"
    private let now = TestClock.start
    private let device: TestDevice
    private let nonce = [UInt8](repeating: 3, count: 32)

    init() async throws { device = try await TestFamily().device() }

    private func opening(requiring features: [Feature] = Feature.requiredByDaemon) -> MeshOpening {
        MeshOpening(
            MeshIdentity(
                chain: device.chain, keys: device.keys, capabilities: ["one"], requiredFeatures: features),
            origin: origin)
    }

    private var challenge: MeshFrame { .challenge(Challenge(nonce: nonce, serverTime: 1)) }
    private var ready: MeshFrame {
        .ready(
            Ready(
                member: device.member, session: [UInt8](repeating: 1, count: 8), store: [UInt8](repeating: 2, count: 16)
            ))
    }

    /// The opening after hello and features, answered with `response`.
    private func answer(
        _ response: FeatureResponse, requiring features: [Feature] = Feature.requiredByDaemon
    ) -> MeshOpening.Action {
        var opening = opening(requiring: features)
        _ = opening.received(challenge, now: now)
        return opening.received(.featureResponse(response), now: now)
    }

    @Test("a challenge is answered with a hello for this server alone, and the features wanted")
    func hello() throws {
        var opening = opening()
        guard case .send(let frames) = opening.received(challenge, now: now), frames.count == 2,
            case .hello(let hello) = frames[0], case .featureRequest(let request) = frames[1]
        else {
            Issue.record("a challenge is answered with hello and features")
            return
        }
        let member = try device.verified()
        #expect(HelloProof.isValid(hello, of: member, nonce: nonce, origins: [origin]))
        #expect(!HelloProof.isValid(hello, of: member, nonce: nonce, origins: ["https://other.example.org"]))
        #expect(!HelloProof.isValid(hello, of: member, nonce: [UInt8](repeating: 4, count: 32), origins: [origin]))
        #expect(hello.mesh == device.mesh && hello.chain == device.chain && hello.timestamp == now)
        #expect(hello.capabilities == ["one"] && hello.revocationHead == .empty)
        #expect(request.require == ["client_message_id_dedupe", "concurrent_connection_policy"])
        #expect(request.optional == ["max_payload", "key_epoch"])
    }

    @Test("a feature that is required is not asked for as optional too")
    func requestNamesOnce() {
        var opening = opening(requiring: Feature.requiredByDaemon + [.maxPayload])
        guard case .send(let frames) = opening.received(challenge, now: now),
            case .featureRequest(let request)? = frames.last
        else {
            Issue.record("a challenge is answered")
            return
        }
        #expect(request.require.contains("max_payload") && request.optional == ["key_epoch"])
    }

    @Test("with the features agreed on, ready ends the opening")
    func completes() {
        var opening = opening()
        _ = opening.received(challenge, now: now)
        guard case .send(let frames) = opening.received(.featureResponse(.sound), now: now) else {
            Issue.record("sound features are accepted")
            return
        }
        #expect(frames.isEmpty)
        guard case .ready(_, let features, let offered) = opening.received(ready, now: now) else {
            Issue.record("ready ends the opening")
            return
        }
        #expect(offered == .sound)
        #expect(features.dedupeWindowHours == 48 && features.inlineBytes == 2048 && features.ignored == [])
    }

    @Test("a frame out of turn ends the attempt, and it may be tried again")
    func outOfTurn() {
        let wrong: [[MeshFrame]] = [
            [.featureResponse(.sound)], [ready], [.membersEnd(MembersEnd(version: 1))], [challenge, challenge],
            [challenge, ready], [challenge, .featureResponse(.sound), .featureResponse(.sound)],
            [challenge, .featureResponse(.sound), challenge],
        ]
        for frames in wrong {
            var opening = opening()
            var last: MeshOpening.Action?
            for frame in frames { last = opening.received(frame, now: now) }
            guard case .fail(.goingAway, "unexpected_message", .lost(let reason))? = last else {
                Issue.record("\(frames.map(\.type)) was accepted")
                continue
            }
            #expect(reason.contains(frames.last?.type ?? "?"))
        }
    }

    @Test("what the broker says before it closes is kept")
    func refusal() {
        var opening = opening()
        let error = ErrorFrame(code: "clock_skew", message: "the clocks differ")
        guard case .send(let frames) = opening.received(.error(error), now: now) else {
            Issue.record("an error frame alone ends nothing")
            return
        }
        #expect(frames.isEmpty && opening.refusal == error)
    }

    @Test("a missing required feature closes 4010 with the reason as JSON, and is the end")
    func missingFeature() {
        let action = answer(
            FeatureResponse(supported: [:], missingRequired: ["client_message_id_dedupe"]))
        guard case .fail(.featureUnavailable, let reason, .fatal(let error)) = action else {
            Issue.record("a missing required feature was accepted")
            return
        }
        #expect(
            reason
                == #"{"detail":"the broker does not offer it","feature":"client_message_id_dedupe","kind":"feature_unavailable"}"#
        )
        #expect(error.code == "feature_unavailable" && error.category == .refused)
        #expect(error.detail["feature"] == .string("client_message_id_dedupe"))
    }

    @Test("a required feature not named at all is missing too")
    func silentlyMissing() {
        var response = FeatureResponse.sound
        response.supported["concurrent_connection_policy"] = nil
        guard case .fail(.featureUnavailable, _, .fatal(let error)) = answer(response) else {
            Issue.record("a missing required feature was accepted")
            return
        }
        #expect(error.code == "feature_unavailable")
    }

    @Test(
        "a required feature with an unusable parameter is the end, saying which",
        arguments: [
            ("dedupe_window_hours", JSON.integer(23), "feature_param_below_floor"),
            ("dedupe_window_hours", .string("48"), "feature_param_invalid"),
            ("dedupe_window_hours", .null, "feature_param_invalid"),
            ("mode", .string("sometimes"), "feature_param_invalid"),
            ("request_fingerprint", .bool(false), "feature_param_invalid"),
            ("version", .integer(2), "feature_param_invalid"),
        ])
    func parameters(_ name: String, _ value: JSON, _ code: String) {
        var response = FeatureResponse.sound
        response.supported["client_message_id_dedupe"]?[name] = value
        guard case .fail(.featureUnavailable, let reason, .fatal(let error)) = answer(response) else {
            Issue.record("\(name) = \(value) was accepted")
            return
        }
        #expect(error.code == code && reason.contains("\"kind\":\"\(code)\"") && reason.utf8.count <= 123)
    }

    @Test("an optional feature that is unusable is ignored and told")
    func optional() {
        var response = FeatureResponse.sound
        response.supported["max_payload"]?["inline_bytes"] = .integer(1023)
        var opening = opening()
        _ = opening.received(challenge, now: now)
        _ = opening.received(.featureResponse(response), now: now)
        guard case .ready(_, let features, _) = opening.received(ready, now: now) else {
            Issue.record("an optional feature may be unusable")
            return
        }
        #expect(features.inlineBytes == MeshFrame.defaultInlineBytes)
        #expect(features.ignored.map(\.kind) == [.parameterBelowFloor])
        guard
            case .fail(.featureUnavailable, _, _) = answer(
                response, requiring: Feature.requiredByDaemon + [.maxPayload])
        else {
            Issue.record("a required feature may not be unusable")
            return
        }
    }
}
