import KinEncoding
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import Testing

@testable import KinClient

/// The table of features in docs/protocol/mesh.md: what a daemon makes of each that is missing or unusable.
@Suite struct FeatureTableTests {
    /// One fault in an offer that is sound otherwise.
    struct Fault: Sendable, CustomTestStringConvertible {
        var feature: Feature
        /// Nil: the whole feature is missing.
        var parameter: String?
        /// Nil: the parameter is missing.
        var value: JSON?
        var kind: FeatureFault.Kind
        var detail: String

        var testDescription: String {
            "\(feature.rawValue) \(parameter ?? "is missing") \(value.map { "\($0)" } ?? "")"
        }

        var response: FeatureResponse {
            var response = FeatureTableTests.sound
            if let parameter {
                response.supported[feature.rawValue]?[parameter] = value
            } else {
                response.supported[feature.rawValue] = nil
            }
            return response
        }
    }

    /// All five, soundly.
    static let sound: FeatureResponse = {
        var response = FeatureResponse.sound
        response.supported["key_epoch"] = ["version": .integer(1), "max_concurrent_epochs": .integer(2)]
        response.supported["member_keypair_rotated_event"] = ["version": .integer(1)]
        return response
    }()

    private static func version(_ feature: Feature) -> [Fault] {
        [nil, .integer(0), .integer(2), .string("1"), .null, .number(1.5)].map {
            Fault(
                feature: feature, parameter: "version", value: $0, kind: .parameterInvalid, detail: "version must be 1")
        }
    }

    private static func choice(_ feature: Feature, _ name: String, _ choices: String) -> [Fault] {
        [nil, .string(""), .string("sometimes"), .integer(1), .null, .array([])].map {
            Fault(
                feature: feature, parameter: name, value: $0, kind: .parameterInvalid,
                detail: "\(name) must be one of \(choices)")
        }
    }

    private static func number(_ feature: Feature, _ name: String, floor: Int64) -> [Fault] {
        let invalid: [JSON?] = [
            nil, .string("\(floor)"), .number(Double(floor) + 0.5), .integer(1 << 53), .null,
        ]
        let below = [floor - 1, 0, -1, -(1 << 53) + 1].map { value in
            Fault(
                feature: feature, parameter: name, value: .integer(value), kind: .parameterBelowFloor,
                detail: "\(name) is \(value), at least \(floor) is needed")
        }
        return below
            + invalid.map {
                Fault(
                    feature: feature, parameter: name, value: $0, kind: .parameterInvalid,
                    detail: "\(name) must be an integer")
            }
    }

    static let required: [Fault] =
        Feature.requiredByDaemon.map {
            Fault(feature: $0, kind: .unavailable, detail: "the broker does not offer it")
        }
        + Feature.requiredByDaemon.flatMap(version)
        + choice(.clientMessageIDDedupe, "mode", "retention_scoped, permanent")
        + number(.clientMessageIDDedupe, "dedupe_window_hours", floor: 24)
        + [nil, .bool(false), .integer(1), .string("true"), .null].map {
            Fault(
                feature: .clientMessageIDDedupe, parameter: "request_fingerprint", value: $0, kind: .parameterInvalid,
                detail: "request_fingerprint must be true")
        }
        + choice(
            .concurrentConnectionPolicy, "default_policy", "prefer_newest, prefer_oldest, allow_concurrent")

    static let optional: [Fault] =
        [.maxPayload, .keyEpoch, .memberKeypairRotatedEvent].flatMap(version)
        + number(.maxPayload, "inline_bytes", floor: 1024) + number(.maxPayload, "blob_bytes", floor: 1024)
        + number(.keyEpoch, "max_concurrent_epochs", floor: 1)

    @Test("a required feature with any fault closes 4010 with exactly that reason, and is the end", arguments: required)
    func ends(_ fault: Fault) async throws {
        let device = try await Household().device(at: realNow())
        try await FakeBroker.run(.offers(fault.response)) { broker in
            let recorder = LinkRecorder()
            _ = try await recorder.open(broker.url, as: MeshIdentity(chain: device.chain, keys: device.keys))
            guard case .fatal(let error) = try await recorder.end() else {
                Issue.record("\(fault.testDescription) is taken")
                return
            }
            #expect(error.code == fault.kind.rawValue && error.category == .refused)
            #expect(error.message.contains("feature \(fault.feature.rawValue): \(fault.detail)"), "whole, for the log")
            let closure = try await broker.heard.wait { !$0.closures.isEmpty }.closures.first
            #expect(closure?.code == 4010)
            guard case .object(let reason) = try JSON.parse(Array((closure?.reason ?? "").utf8)),
                case .string(let detail)? = reason["detail"]
            else {
                Issue.record("the reason is no JSON: \(closure?.reason ?? "")")
                return
            }
            #expect(reason.keys.sorted() == ["detail", "feature", "kind"])
            #expect(reason["kind"] == .string(fault.kind.rawValue))
            #expect(reason["feature"] == .string(fault.feature.rawValue))
            let length = (closure?.reason ?? "").utf8.count
            #expect(
                detail == fault.detail || fault.detail.hasPrefix(detail) && length == 123, "as much as there is room")
        }
    }

    @Test("an optional feature with any fault is noted and not used, and the session goes on", arguments: optional)
    func ignored(_ fault: Fault) throws {
        let features = try NegotiatedFeatures(judging: fault.response, required: Feature.requiredByDaemon)
        #expect(features.ignored.map(\.kind) == [fault.kind] && features.ignored.map(\.detail) == [fault.detail])
        #expect(features.ignored.map(\.feature) == [fault.feature.rawValue])
        #expect(features.inlineBytes == (fault.feature == .maxPayload ? MeshFrame.defaultInlineBytes : 2048))
    }

    @Test("an optional feature that is not offered is not missed", arguments: [Feature.maxPayload, .keyEpoch])
    func notOffered(_ feature: Feature) throws {
        let response = Fault(feature: feature, kind: .unavailable, detail: "").response
        #expect(try NegotiatedFeatures(judging: response, required: Feature.requiredByDaemon).ignored == [])
    }
}
