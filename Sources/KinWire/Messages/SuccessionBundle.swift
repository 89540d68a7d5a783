import KinEncoding

/// What an owner device tells another when a new wallet takes over: the body of a sealed message (docs/protocol/messages.md, "Succession").
public struct SuccessionBundle: Hashable, Sendable {
    public static let contentType = "application/vnd.kindred.succession+json"

    /// What a device keeps of the new wallet.
    public struct Wallet: Hashable, Sendable {
        public var address: WalletAddress
        /// Base58.
        public var routeID: String
        /// 32 bytes.
        public var boxPublic: [UInt8]
        /// 32 bytes each, for owners alone: both or neither.
        public var recordKey: [UInt8]?
        public var boxSecret: [UInt8]?

        public init(
            address: WalletAddress, routeID: String, boxPublic: [UInt8], recordKey: [UInt8]?, boxSecret: [UInt8]?
        ) {
            self.address = address
            self.routeID = routeID
            self.boxPublic = boxPublic
            self.recordKey = recordKey
            self.boxSecret = boxSecret
        }

        public init(json: JSON) throws(WireError) {
            var fields = try Fields(json, in: "wallet")
            address = try fields.walletAddress("address")
            routeID = try fields.string("route_id", maxBytes: 64)
            boxPublic = try fields.hex("box_public", bytes: 32)
            recordKey = try fields.nullable("record_key") { fields, name throws(WireError) in
                try fields.hex(name, bytes: 32)
            }
            boxSecret = try fields.nullable("box_secret") { fields, name throws(WireError) in
                try fields.hex(name, bytes: 32)
            }
            guard (recordKey == nil) == (boxSecret == nil) else {
                throw fields.refusal("box_secret", "must be there exactly where record_key is")
            }
            try fields.end()
        }

        public var json: JSON {
            .object([
                "address": .text(address), "route_id": .string(routeID), "box_public": .hex(boxPublic),
                "record_key": .orNull(recordKey) { .hex($0) }, "box_secret": .orNull(boxSecret) { .hex($0) },
            ])
        }

        /// The same without the secrets of owners.
        public var withoutSecrets: Wallet {
            Wallet(address: address, routeID: routeID, boxPublic: boxPublic, recordKey: nil, boxSecret: nil)
        }
    }

    public var succession: Succession
    /// The speaking owner's chain in the old mesh.
    public var owner: Chain
    /// The recipient's chain in the new mesh.
    public var chain: Chain
    public var wallet: Wallet

    public init(succession: Succession, owner: Chain, chain: Chain, wallet: Wallet) {
        self.succession = succession
        self.owner = owner
        self.chain = chain
        self.wallet = wallet
    }

    public init(canonical bytes: [UInt8]) throws(WireError) {
        var fields = try Fields(parseCanonical(bytes), in: "succession message")
        succession = try Succession(json: fields.take("succession"))
        owner = try fields.chain("owner")
        chain = try fields.chain()
        wallet = try Wallet(json: fields.take("wallet"))
        try fields.end()
    }

    public func canonicalBytes() -> [UInt8] {
        JSON.object([
            "succession": succession.json, "owner": owner.json, "chain": chain.json, "wallet": wallet.json,
        ]).canonicalBytes()
    }
}
