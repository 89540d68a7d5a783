import KinEncoding
import KinTesting
import KinWire
import Testing

@Suite struct FeatureTests {
    static let sound: [String: [String: JSON]] = [
        "client_message_id_dedupe": [
            "version": .integer(1), "mode": .string("retention_scoped"), "dedupe_window_hours": .integer(24),
            "request_fingerprint": .bool(true),
        ],
        "concurrent_connection_policy": ["version": .integer(1), "default_policy": .string("prefer_oldest")],
        "max_payload": ["version": .integer(1), "inline_bytes": .integer(1024), "blob_bytes": .integer(1024)],
        "key_epoch": ["version": .integer(1), "max_concurrent_epochs": .integer(1)],
        "member_keypair_rotated_event": ["version": .integer(1)],
    ]

    private func judge(
        missing: [String] = [], _ change: (inout [String: [String: JSON]]) -> Void = { _ in }
    ) throws(FeatureFault) -> NegotiatedFeatures {
        var supported = Self.sound
        change(&supported)
        return try NegotiatedFeatures(
            judging: FeatureResponse(supported: supported, missingRequired: missing),
            required: Feature.requiredByDaemon)
    }

    @Test("what a broker offers is taken up")
    func takenUp() throws {
        let features = try judge()
        #expect(features.dedupeWindowHours == 24)
        #expect(features.concurrentPolicy == .preferOldest)
        #expect(features.inlineBytes == 1024)
        #expect(features.ignored == [])
    }

    @Test("a broker that remembers ids for ever needs no window")
    func permanent() throws {
        let features = try judge {
            $0["client_message_id_dedupe"]?["mode"] = .string("permanent")
            $0["client_message_id_dedupe"]?["dedupe_window_hours"] = nil
        }
        #expect(features.dedupeWindowHours == nil)
    }

    @Test("a required feature that is not offered ends it", arguments: Feature.requiredByDaemon)
    func missing(feature: Feature) {
        let fault = #expect(throws: FeatureFault.self) { try judge { $0[feature.rawValue] = nil } }
        #expect(fault?.kind == .unavailable)
        #expect(fault?.feature == feature.rawValue)
    }

    @Test("what the broker itself calls missing ends it, known here or not", arguments: ["key_epoch", "teleport"])
    func named(name: String) {
        let fault = #expect(throws: FeatureFault.self) { try judge(missing: [name]) }
        #expect(fault?.kind == .unavailable)
        #expect(fault?.feature == name)
    }

    static let invalid: [(String, String, JSON?)] = [
        ("client_message_id_dedupe", "version", .integer(2)), ("client_message_id_dedupe", "version", .integer(0)),
        ("client_message_id_dedupe", "version", .string("1")), ("client_message_id_dedupe", "version", nil),
        ("client_message_id_dedupe", "mode", .string("sometimes")), ("client_message_id_dedupe", "mode", nil),
        ("client_message_id_dedupe", "dedupe_window_hours", nil),
        ("client_message_id_dedupe", "dedupe_window_hours", .string("24")),
        ("client_message_id_dedupe", "dedupe_window_hours", .number(24.5)),
        ("client_message_id_dedupe", "dedupe_window_hours", .integer(1 << 53)),
        ("client_message_id_dedupe", "request_fingerprint", .bool(false)),
        ("client_message_id_dedupe", "request_fingerprint", nil),
        ("concurrent_connection_policy", "version", .integer(2)),
        ("concurrent_connection_policy", "default_policy", .string("prefer_me")),
        ("concurrent_connection_policy", "default_policy", nil),
    ]

    @Test("a required feature with a bad parameter or an unknown version ends it", arguments: invalid)
    func badParameter(feature: String, parameter: String, value: JSON?) {
        let fault = #expect(throws: FeatureFault.self) { try judge { $0[feature]?[parameter] = value } }
        #expect(fault?.kind == .parameterInvalid)
        #expect(fault?.feature == feature)
        #expect(fault?.detail.contains(parameter) == true)
    }

    @Test("a window below 24 hours is below the floor", arguments: [23, 0, -1] as [Int64])
    func floor(hours: Int64) {
        let fault = #expect(throws: FeatureFault.self) {
            try judge { $0["client_message_id_dedupe"]?["dedupe_window_hours"] = .integer(hours) }
        }
        #expect(fault?.kind == .parameterBelowFloor)
    }

    static let broken: [(String, String, JSON, FeatureFault.Kind)] = [
        ("max_payload", "inline_bytes", .integer(1023), .parameterBelowFloor),
        ("max_payload", "blob_bytes", .integer(0), .parameterBelowFloor),
        ("max_payload", "inline_bytes", .string("many"), .parameterInvalid),
        ("max_payload", "version", .integer(9), .parameterInvalid),
        ("key_epoch", "max_concurrent_epochs", .integer(0), .parameterBelowFloor),
        ("member_keypair_rotated_event", "version", .integer(2), .parameterInvalid),
    ]

    @Test("a broken optional feature is noted and left alone", arguments: broken)
    func optional(feature: String, parameter: String, value: JSON, kind: FeatureFault.Kind) throws {
        let features = try judge { $0[feature]?[parameter] = value }
        #expect(features.ignored.map(\.feature) == [feature])
        #expect(features.ignored.map(\.kind) == [kind])
        let inlineBytes = feature == "max_payload" ? MeshFrame.defaultInlineBytes : 1024
        #expect(features.inlineBytes == inlineBytes, "nothing of a broken feature is taken")
    }

    @Test("optional features need not be offered, and unknown ones do no harm")
    func unknown() throws {
        let features = try judge {
            for feature in Feature.allCases where !Feature.requiredByDaemon.contains(feature) {
                $0[feature.rawValue] = nil
            }
            $0["teleport"] = ["version": .integer(7)]
        }
        #expect(features.ignored == [])
        #expect(features.inlineBytes == MeshFrame.defaultInlineBytes)
    }

    @Test("the close reason is canonical JSON that fits a close frame")
    func closeReason() {
        let below = #expect(throws: FeatureFault.self) {
            try judge { $0["client_message_id_dedupe"]?["dedupe_window_hours"] = .integer(1) }
        }
        let expected =  // 123 bytes: the detail gave way
            #"{"detail":"dedupe_window_hours is 1, at least 24 ","feature":"client_message_id_dedupe","#
            + #""kind":"feature_param_below_floor"}"#
        #expect(below?.closeReason == expected)
        for (feature, parameter, value) in Self.invalid {
            let fault = #expect(throws: FeatureFault.self) { try judge { $0[feature]?[parameter] = value } }
            let reason = fault?.closeReason ?? ""
            #expect(reason.utf8.count <= 123, "RFC 6455, section 5.5: 125 bytes with the code")
            #expect(throws: Never.self) { try JSON.parseCanonical(Array(reason.utf8)) }
        }
        let named = #expect(throws: FeatureFault.self) { try judge(missing: [String(repeating: "x", count: 64)]) }
        #expect(named?.closeReason.utf8.count == 123)
    }
}
