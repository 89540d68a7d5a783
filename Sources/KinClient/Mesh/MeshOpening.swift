import KinIdentity
import KinWire

/// The daemon's side of opening a session: a pure state machine over frames (docs/protocol/mesh.md, "Order of a connection").
struct MeshOpening {
    enum Action {
        case send([MeshFrame])
        /// For the daemon, though the session is not ready: a revoked device gets the proof instead of a session.
        case passOn
        /// The session is ready.
        case ready(Ready, NegotiatedFeatures, FeatureResponse)
        /// Close with this code and reason, then end.
        case fail(CloseCode, reason: String, MeshEnd)
    }

    private enum Step {
        case challenge
        case features
        case ready(NegotiatedFeatures, FeatureResponse)
    }

    private let identity: MeshIdentity
    private let origin: String
    private var step = Step.challenge
    /// What the broker said before it closes.
    private(set) var refusal: ErrorFrame?

    init(_ identity: MeshIdentity, origin: String) {
        self.identity = identity
        self.origin = origin
    }

    /// - Parameter now: milliseconds.
    mutating func received(_ message: MeshFrame, now: Int64) -> Action {
        switch (step, message) {
        case (.challenge, .challenge(let challenge)):
            step = .features
            let credential = identity.credential.map { [MeshFrame.credential(CredentialFrame(credential: $0))] } ?? []
            return .send(credential + [.hello(hello(challenge, now: now)), .featureRequest(request)])
        case (.features, .featureResponse(let response)): return negotiated(response)
        case (.ready(let features, let response), .ready(let ready)): return .ready(ready, features, response)
        case (_, .revocations): return .passOn
        case (_, .error(let error)):
            refusal = error
            return .send([])
        default:
            return .fail(
                .goingAway, reason: "unexpected_message",
                .lost("the server sent \(message.type) where it does not belong"))
        }
    }

    private mutating func negotiated(_ response: FeatureResponse) -> Action {
        do throws(FeatureFault) {
            let features = try NegotiatedFeatures(judging: response, required: identity.requiredFeatures)
            step = .ready(features, response)
            return .send([])
        } catch {
            let failure = KinError(
                error.kind.rawValue,
                "the broker cannot serve this daemon: feature \(error.feature): \(error.detail). Update the server or use another",
                category: .refused, detail: ["feature": .string(error.feature)])
            return .fail(.featureUnavailable, reason: error.closeReason, .fatal(failure))
        }
    }

    private func hello(_ challenge: Challenge, now: Int64) -> Hello {
        HelloProof.hello(
            answering: challenge, origin: origin, chain: identity.chain, keys: identity.keys,
            revocationHead: identity.revocationHead, capabilities: identity.capabilities, now: now)
    }

    private var request: FeatureRequest {
        let optional = identity.optionalFeatures.filter { !identity.requiredFeatures.contains($0) }
        return FeatureRequest(
            require: identity.requiredFeatures.map(\.rawValue), optional: optional.map(\.rawValue))
    }
}
