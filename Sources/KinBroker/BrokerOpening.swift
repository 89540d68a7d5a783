import KinWire

/// The opening of a session, from challenge to `ready`: a pure state machine over frames (docs/protocol/mesh.md, "Order of a connection").
struct BrokerOpening {
    let nonce: [UInt8]
    private var hello: Hello?
    /// Shown before the hello.
    private(set) var credential: JoinCredential?

    enum Action {
        /// Nothing to do before the next frame.
        case wait
        /// The hello must be checked against `nonce`.
        case check(Hello)
        /// Answer the feature request, then admit the member.
        case admit(Hello, FeatureRequest)
        case refuse(code: String, message: String)
    }

    init(nonce: [UInt8]) { self.nonce = nonce }

    mutating func received(_ message: MeshFrame) -> Action {
        switch message {
        case .credential(let shown) where hello == nil && credential == nil:
            credential = shown.credential
            return .wait
        case .hello(let hello) where self.hello == nil:
            self.hello = hello
            return .check(hello)
        case .featureRequest(let request):
            guard let hello else { break }
            return .admit(hello, request)
        case .error: return .wait
        default: break
        }
        return .refuse(
            code: "invalid_message",
            message: "\(message.type) does not belong here: hello comes first, then the features")
    }
}
