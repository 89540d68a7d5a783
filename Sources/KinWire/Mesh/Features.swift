import KinEncoding

/// The features a mesh can have, and the judgement of what a broker offers (docs/protocol/mesh.md, Features).
public enum Feature: String, CaseIterable, Sendable {
    case clientMessageIDDedupe = "client_message_id_dedupe"
    case concurrentConnectionPolicy = "concurrent_connection_policy"
    case memberKeypairRotatedEvent = "member_keypair_rotated_event"
    case keyEpoch = "key_epoch"
    case maxPayload = "max_payload"

    /// What every daemon requires.
    public static let requiredByDaemon: [Feature] = [.clientMessageIDDedupe, .concurrentConnectionPolicy]
    /// What a daemon uses where it is offered.
    public static let optionalForDaemon: [Feature] = [.maxPayload, .keyEpoch]
}

/// Why a feature cannot be used.
public struct FeatureFault: Error, Hashable, Sendable {
    public enum Kind: String, Sendable {
        case unavailable = "feature_unavailable"
        case parameterInvalid = "feature_param_invalid"
        case parameterBelowFloor = "feature_param_below_floor"
    }

    public var kind: Kind
    public var feature: String
    public var detail: String

    /// The close reason of 4010. A detail too long for a close frame is cut off; the log has it whole.
    public var closeReason: String {
        let room = Self.maxCloseReason - closeReason(detail: "").utf8.count
        return closeReason(detail: String(detail.prefix(max(0, room))))
    }

    /// Bytes (RFC 6455, section 5.5).
    private static let maxCloseReason = 123

    private func closeReason(detail: String) -> String {
        let members: [String: JSON] = [
            "kind": .string(kind.rawValue), "feature": .string(feature), "detail": .string(detail),
        ]
        return String(decoding: JSON.object(members).canonicalBytes(), as: UTF8.self)
    }
}

/// What a broker and a daemon agreed on.
public struct NegotiatedFeatures: Hashable, Sendable {
    /// Hours a broker remembers an id; nil: for ever.
    public var dedupeWindowHours: Int64?
    /// The broker's, where the mesh has no settings.
    public var concurrentPolicy: ConcurrentPolicy
    /// Bytes of a sealed body.
    public var inlineBytes: Int
    /// How many epochs of a topic may be read beside the current one; nil: the broker has no topics.
    public var concurrentEpochs: Int?
    /// Optional features that were offered but unusable.
    public var ignored: [FeatureFault]

    /// What is assumed before a broker has spoken.
    public static let assumed = NegotiatedFeatures(
        dedupeWindowHours: 168, concurrentPolicy: .preferNewest, inlineBytes: MeshFrame.defaultInlineBytes,
        ignored: [])

    public init(
        dedupeWindowHours: Int64?, concurrentPolicy: ConcurrentPolicy, inlineBytes: Int,
        concurrentEpochs: Int? = nil, ignored: [FeatureFault]
    ) {
        self.dedupeWindowHours = dedupeWindowHours
        self.concurrentPolicy = concurrentPolicy
        self.inlineBytes = inlineBytes
        self.concurrentEpochs = concurrentEpochs
        self.ignored = ignored
    }

    /// Judges a broker's answer.
    /// - Throws: the first fault of a required feature.
    public init(judging response: FeatureResponse, required: [Feature]) throws(FeatureFault) {
        self = .assumed
        for name in response.missingRequired { throw .unavailable(name) }
        for feature in Feature.allCases {
            do throws(FeatureFault) {
                guard let params = response.supported[feature.rawValue] else { throw .unavailable(feature.rawValue) }
                try take(FeatureParameters(feature: feature.rawValue, params: params), as: feature)
            } catch {
                if required.contains(feature) { throw error }
                if error.kind != .unavailable { ignored.append(error) }
            }
        }
    }

    private mutating func take(_ params: FeatureParameters, as feature: Feature) throws(FeatureFault) {
        try params.requireVersion(1)
        switch feature {
        case .clientMessageIDDedupe:
            let mode = try params.choice("mode", of: ["retention_scoped", "permanent"])
            guard params.values["request_fingerprint"] == .bool(true) else {
                throw params.invalid("request_fingerprint must be true")
            }
            dedupeWindowHours = mode == "permanent" ? nil : try params.integer("dedupe_window_hours", floor: 24)
        case .concurrentConnectionPolicy:
            let policies = ConcurrentPolicy.allCases
            let chosen = try params.choice("default_policy", of: policies.map(\.rawValue))
            concurrentPolicy = policies.first { $0.rawValue == chosen } ?? .preferNewest
        case .maxPayload:
            let offered = try params.integer("inline_bytes", floor: 1024)
            _ = try params.integer("blob_bytes", floor: 1024)
            inlineBytes = Int(offered)
        case .keyEpoch:
            concurrentEpochs = Int(min(try params.integer("max_concurrent_epochs", floor: 1), Int64(TopicKeys.maxKeys)))
        case .memberKeypairRotatedEvent: break
        }
    }
}

extension FeatureFault {
    static func unavailable(_ feature: String) -> FeatureFault {
        FeatureFault(kind: .unavailable, feature: feature, detail: "the broker does not offer it")
    }
}

private struct FeatureParameters {
    let feature: String
    let params: [String: JSON]

    var values: [String: JSON] { params }

    func invalid(_ detail: String) -> FeatureFault {
        FeatureFault(kind: .parameterInvalid, feature: feature, detail: detail)
    }

    func requireVersion(_ known: Int64) throws(FeatureFault) {
        guard params["version"] == .integer(known) else { throw invalid("version must be \(known)") }
    }

    func choice(_ name: String, of choices: [String]) throws(FeatureFault) -> String {
        guard case .string(let value) = params[name], choices.contains(value) else {
            throw invalid("\(name) must be one of \(choices.joined(separator: ", "))")
        }
        return value
    }

    func integer(_ name: String, floor: Int64) throws(FeatureFault) -> Int64 {
        guard case .integer(let value) = params[name], value <= Fields.maxInteger else {
            throw invalid("\(name) must be an integer")
        }
        guard value >= floor else {
            throw FeatureFault(
                kind: .parameterBelowFloor, feature: feature, detail: "\(name) is \(value), at least \(floor) is needed"
            )
        }
        return value
    }
}
