import KinEncoding

// What daemons say to each other about topic keys: bodies of sealed DMs (docs/protocol/messages.md, "Topic keys").

/// Keys of a topic, from one that has them: freshly minted, or the answer to `TopicKeysGet`. None: the sender has none.
///
/// Those of a private topic come with the list by which its sender gives them: whoever has the key knows who may have it.
public struct TopicKeys: Hashable, Sendable {
    public static let contentType = "application/vnd.kindred.topic-keys+json"
    public static let maxKeys = 64

    public struct Entry: Hashable, Sendable {
        public var epoch: Epoch
        /// 32 bytes.
        public var key: [UInt8]

        public init(epoch: Epoch, key: [UInt8]) {
            self.epoch = epoch
            self.key = key
        }
    }

    public var topic: TopicName
    /// Of a private topic, and only there.
    public var proof: TopicProof?
    public var keys: [Entry]

    public init(topic: TopicName, proof: TopicProof? = nil, keys: [Entry]) {
        self.topic = topic
        self.proof = proof
        self.keys = keys
    }

    public init(canonical bytes: [UInt8]) throws(WireError) {
        var fields = try Fields(parseCanonical(bytes), in: "topic keys")
        topic = try fields.topic()
        proof = try fields.nullable("proof") { fields, name throws(WireError) in
            try TopicProof(json: fields.take(name))
        }
        if let list = proof?.list, list.topic != topic { throw fields.refusal("proof", "must be of that topic") }
        var keys: [Entry] = []
        for item in try fields.array("keys", atMost: Self.maxKeys) {
            var entry = try Fields(item, in: "topic key")
            keys.append(
                Entry(epoch: try Epoch(json: entry.take("epoch")), key: try entry.hex("key", bytes: 32)))
            try entry.end()
        }
        self.keys = keys
        try fields.end()
    }

    public func canonicalBytes() -> [UInt8] {
        let items = keys.map { JSON.object(["epoch": $0.epoch.json, "key": .hex($0.key)]) }
        return JSON.object([
            "topic": .text(topic), "proof": .orNull(proof) { $0.json }, "keys": .array(items),
        ]).canonicalBytes()
    }
}

/// Asks for the keys of a topic: those in use, or that of one epoch.
public struct TopicKeysGet: Hashable, Sendable {
    public static let contentType = "application/vnd.kindred.topic-keys-get+json"

    public var topic: TopicName
    public var epoch: Epoch?

    public init(topic: TopicName, epoch: Epoch? = nil) {
        self.topic = topic
        self.epoch = epoch
    }

    public init(canonical bytes: [UInt8]) throws(WireError) {
        var fields = try Fields(parseCanonical(bytes), in: "topic keys get")
        topic = try fields.topic()
        epoch = try fields.nullable("epoch") { fields, name throws(WireError) in
            try Epoch(json: fields.take(name))
        }
        try fields.end()
    }

    public func canonicalBytes() -> [UInt8] {
        JSON.object(["topic": .text(topic), "epoch": .orNull(epoch) { $0.json }]).canonicalBytes()
    }
}
