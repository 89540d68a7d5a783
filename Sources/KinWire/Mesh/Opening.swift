import KinEncoding

// The messages that open a session, in their order. Field meanings: docs/protocol/mesh.md.

public struct Challenge: Hashable, Sendable {
    /// 32 random bytes, good for one hello.
    public var nonce: [UInt8]
    /// Milliseconds.
    public var serverTime: Int64
    public var protocolVersion: Int64

    public init(nonce: [UInt8], serverTime: Int64, protocolVersion: Int64 = MeshFrame.protocolVersion) {
        self.nonce = nonce
        self.serverTime = serverTime
        self.protocolVersion = protocolVersion
    }

    init(_ fields: inout Fields) throws(WireError) {
        nonce = try fields.hex("nonce", bytes: 32)
        serverTime = try fields.time("server_time")
        protocolVersion = try fields.integer("protocol_version", from: 1, to: 1)
    }

    var members: [String: JSON] {
        ["nonce": .hex(nonce), "server_time": .integer(serverTime), "protocol_version": .integer(protocolVersion)]
    }
}

public struct Hello: Hashable, Sendable {
    public var mesh: MeshID
    public var chain: Chain
    public var revocationHead: RevocationHead
    public var capabilities: [String]
    /// Milliseconds.
    public var timestamp: Int64
    /// Over `HelloStatement`, 64 bytes.
    public var signature: [UInt8]

    public init(
        mesh: MeshID, chain: Chain, revocationHead: RevocationHead, capabilities: [String], timestamp: Int64,
        signature: [UInt8]
    ) {
        self.mesh = mesh
        self.chain = chain
        self.revocationHead = revocationHead
        self.capabilities = capabilities
        self.timestamp = timestamp
        self.signature = signature
    }

    init(_ fields: inout Fields) throws(WireError) {
        mesh = try fields.mesh()
        chain = try fields.chain()
        revocationHead = try fields.revocationHead()
        capabilities = try fields.capabilities()
        timestamp = try fields.time("timestamp")
        signature = try fields.hex("signature", bytes: 64)
    }

    var members: [String: JSON] {
        [
            "mesh": .text(mesh), "chain": chain.json, "revocation_head": revocationHead.json,
            "capabilities": .strings(capabilities), "timestamp": .integer(timestamp), "signature": .hex(signature),
        ]
    }
}

public struct FeatureRequest: Hashable, Sendable {
    public var require: [String]
    public var optional: [String]

    public init(require: [String], optional: [String]) {
        self.require = require
        self.optional = optional
    }

    init(_ fields: inout Fields) throws(WireError) {
        require = try fields.capabilities("require")
        optional = try fields.capabilities("optional")
    }

    var members: [String: JSON] { ["require": .strings(require), "optional": .strings(optional)] }
}

public struct FeatureResponse: Hashable, Sendable {
    /// Feature name → its parameters, `version` among them. Judged by `FeatureCheck`, not here.
    public var supported: [String: [String: JSON]]
    public var missingRequired: [String]

    public init(supported: [String: [String: JSON]], missingRequired: [String]) {
        self.supported = supported
        self.missingRequired = missingRequired
    }

    init(_ fields: inout Fields) throws(WireError) {
        guard case .object(let features) = try fields.take("supported"), features.count <= 32 else {
            throw fields.refusal("supported", "must be an object of at most 32 features")
        }
        var supported: [String: [String: JSON]] = [:]
        for (name, feature) in features {
            var feature = try Fields(feature, in: "feature")
            guard isFeatureName(name), case .object(let params) = try feature.take("params"), params.count <= 16 else {
                throw fields.refusal("supported", "must map feature names to {params}")
            }
            try feature.end()
            supported[name] = params
        }
        self.supported = supported
        missingRequired = try fields.capabilities("missing_required")
    }

    var members: [String: JSON] {
        [
            "supported": .object(supported.mapValues { .object(["params": .object($0)]) }),
            "missing_required": .strings(missingRequired),
        ]
    }
}

public struct Ready: Hashable, Sendable {
    public var member: ULID
    /// 8 random bytes that name the session in logs.
    public var session: [UInt8]
    /// 16 random bytes made with the broker's store: another value means that what was relayed before is not there.
    public var store: [UInt8]
    /// The highest message id the store has given: what was relayed under a higher one is not there any more.
    public var lastMessageID: Int64

    public init(member: ULID, session: [UInt8], store: [UInt8], lastMessageID: Int64 = 0) {
        self.member = member
        self.session = session
        self.store = store
        self.lastMessageID = lastMessageID
    }

    init(_ fields: inout Fields) throws(WireError) {
        member = try fields.ulid("member")
        session = try fields.hex("session", bytes: 8)
        store = try fields.hex("store", bytes: 16)
        lastMessageID = try fields.integer("last_message_id")
    }

    var members: [String: JSON] {
        [
            "member": .text(member), "session": .hex(session), "store": .hex(store),
            "last_message_id": .integer(lastMessageID),
        ]
    }
}

/// A daemon that joined by a ticket shows the credential, before its hello.
public struct CredentialFrame: Hashable, Sendable {
    public var credential: JoinCredential

    public init(credential: JoinCredential) { self.credential = credential }

    init(_ fields: inout Fields) throws(WireError) {
        credential = try JoinCredential(json: fields.take("credential"))
    }

    var members: [String: JSON] { ["credential": credential.json] }
}
