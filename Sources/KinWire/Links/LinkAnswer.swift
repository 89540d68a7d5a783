import KinEncoding

/// What the device that is called says, in the payload of the handshake's second message.
public enum LinkAnswer: Hashable, Sendable {
    case accepted(LinkAcceptance)
    /// A member is told why it is refused: the code of a fault.
    case refused(code: String)

    public init(canonical bytes: [UInt8]) throws(WireError) {
        var fields = try Fields(parseCanonical(bytes), in: "link answer")
        try fields.version()
        if fields.has("refused") {
            self = .refused(
                code: try fields.parsed("refused", as: "1 to 64 of a-z 0-9 _") { isFeatureName($0) ? $0 : nil })
        } else {
            self = .accepted(try LinkAcceptance(&fields))
        }
        try fields.end()
    }

    public func canonicalBytes() -> [UInt8] {
        let members: [String: JSON] =
            switch self {
            case .accepted(let acceptance): acceptance.members
            case .refused(let code): ["refused": .string(code)]
            }
        return JSON.object(members.merging(["v": .integer(1)]) { member, _ in member }).canonicalBytes()
    }
}

public struct LinkAcceptance: Hashable, Sendable {
    public var chain: Chain
    public var revocationHead: RevocationHead
    /// Milliseconds.
    public var time: Int64
    /// The one that was asked to be continued, or a new one.
    public var link: LinkID
    /// The position up to which everything has come; nil: the link is new, and one that was to be continued is lost.
    public var receivedThrough: Int64?

    public init(
        chain: Chain, revocationHead: RevocationHead, time: Int64, link: LinkID, receivedThrough: Int64? = nil
    ) {
        self.chain = chain
        self.revocationHead = revocationHead
        self.time = time
        self.link = link
        self.receivedThrough = receivedThrough
    }

    init(_ fields: inout Fields) throws(WireError) {
        chain = try fields.chain()
        revocationHead = try fields.revocationHead()
        time = try fields.time("time")
        link = try fields.link()
        receivedThrough = try fields.nullable("received_through") { fields, name throws(WireError) in
            try fields.integer(name)
        }
    }

    var members: [String: JSON] {
        [
            "chain": chain.json, "revocation_head": revocationHead.json, "time": .integer(time), "link": .text(link),
            "received_through": .orNull(receivedThrough) { .integer($0) },
        ]
    }
}
