import KinIdentity
import KinWire

/// As whom a daemon opens sessions.
public struct MeshIdentity: Sendable {
    public var chain: Chain
    public var keys: DeviceKeys
    /// Shown before the hello, where the device joined by a ticket.
    public var credential: JoinCredential?
    public var revocationHead: RevocationHead
    public var capabilities: [String]
    /// Without one of them there is no session.
    public var requiredFeatures: [Feature]
    /// Asked for besides, and used where they are offered.
    public var optionalFeatures: [Feature]

    public init(
        chain: Chain, keys: DeviceKeys, credential: JoinCredential? = nil, revocationHead: RevocationHead = .empty,
        capabilities: [String] = [],
        requiredFeatures: [Feature] = Feature.requiredByDaemon,
        optionalFeatures: [Feature] = Feature.optionalForDaemon
    ) {
        self.chain = chain
        self.keys = keys
        self.credential = credential
        self.revocationHead = revocationHead
        self.capabilities = capabilities
        self.requiredFeatures = requiredFeatures
        self.optionalFeatures = optionalFeatures
    }
}
