import Foundation
import KinCrypto
import KinEncoding
import KinWire

/// What a device knows of one topic.
public struct TopicRecord: Hashable, Sendable {
    public var topic: TopicName
    /// Of the mesh the keys belong to.
    public var mesh: MeshID
    /// Whether this device gets its posts.
    public var joined: Bool {
        didSet { if !joined { joinedAt = nil } }
    }
    /// Milliseconds: since when it does, for brokers that forget.
    public var joinedAt: Int64?
    /// No key of a lower counter is used any more; 0: none was minted yet. The broker's word, or this device's own where it knows more.
    public var minEpoch: Int64
    /// The highest counter the broker knows of.
    public var epoch: Int64
    /// Of a private topic, and only there.
    public var proof: TopicProof?
    public var ring: TopicKeyring
    /// The hash of the revocation log by which its keys were last looked at; nil before.
    public var revocations: [UInt8]?

    public init(
        topic: TopicName, mesh: MeshID, joined: Bool = false, minEpoch: Int64 = 0, epoch: Int64 = 0,
        proof: TopicProof? = nil, ring: TopicKeyring = TopicKeyring()
    ) {
        self.topic = topic
        self.mesh = mesh
        self.joined = joined
        self.minEpoch = minEpoch
        self.epoch = epoch
        self.proof = proof
        self.ring = ring
    }

    /// What to seal a post with now; nil: a newer key is needed.
    public var current: TopicKey? {
        ring.current(from: minEpoch, through: max(minEpoch, epoch) + TopicRights.maxAhead)
    }

    /// Whether others have a key that has not come. Who had one before, or is the first, makes one for the next post.
    public var waitsForKey: Bool { joined && current == nil && minEpoch > 0 && ring.highest == 0 }

    /// The counter of a key that nobody has.
    public var nextEpoch: Int64 { max(minEpoch, epoch, ring.highest) + 1 }

    /// Whether a member may read and write it.
    public func allows(_ member: VerifiedMember) -> Bool {
        TopicRights.allow(member.chain.certificate, topic, list: proof?.list)
    }

    /// How far a key may be ahead of what the broker has told: a key is announced before it is given.
    private static let keyAhead: Int64 = 8

    /// Takes a key in, unless it is of an epoch that nobody can have come to.
    public mutating func take(_ key: TopicKey, keeping limit: Int) -> Bool {
        guard isPossible(key.epoch) else { return false }
        return ring.add(key, keeping: limit)
    }

    /// Whether posts of that epoch can be.
    public func isPossible(_ epoch: Epoch) -> Bool {
        (1...max(minEpoch, self.epoch, 0) + Self.keyAhead).contains(epoch.counter)
    }

    /// Takes in what the broker says; it moves numbers no further than they can have come.
    public mutating func note(minEpoch told: Int64, epoch toldEpoch: Int64) {
        let highest = max(minEpoch, epoch, ring.highest) + TopicRights.maxAhead
        minEpoch = max(minEpoch, min(told, highest))
        epoch = max(epoch, min(toldEpoch, highest))
    }

    /// Takes in a list that was verified, where it follows the one known.
    public mutating func take(_ told: TopicProof) {
        guard told.follows(proof) else { return }
        let hasLost = (proof?.list.members ?? []).contains { !told.list.members.contains($0) }
        proof = told
        if hasLost { retireKeys() }
    }

    /// This device's user wants no more of it. Who was on the list of a private one stays known.
    public mutating func leave() {
        joined = false
        ring = TopicKeyring()
    }

    /// Somebody who has its keys is to read nothing more.
    public mutating func retireKeys() { retireKeys(through: ring.highest) }

    /// Keys up to that counter open what came, and seal nothing more.
    public mutating func retireKeys(through counter: Int64) {
        guard counter > 0 else { return }
        minEpoch = max(minEpoch, counter + 1)
    }

    /// Whether anything of it is to outlive the process: of others the broker tells again.
    public var isKept: Bool { joined || proof != nil || !ring.keys.isEmpty }
}

/// `topics/<name>.json`, 0600: a topic with its keys.
public enum TopicFile {
    public static func folder(in state: StateFolder) -> String { state.daemon() + "/topics" }

    private static func path(_ topic: TopicName, in state: StateFolder) -> String {
        "\(folder(in: state))/\(topic).json"
    }

    /// Every topic that was kept.
    /// - Throws: `file_damaged`, `loose_mode`; where the folder is there and cannot be read.
    public static func readAll(_ state: StateFolder) throws -> [TopicRecord] {
        let folder = folder(in: state)
        guard FileManager.default.fileExists(atPath: folder) else { return [] }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return try names.sorted().compactMap { name in
            guard name.hasSuffix(".json"), let topic = TopicName(String(name.dropLast(5))) else { return nil }
            return try read(topic, in: state)
        }
    }

    static func read(_ topic: TopicName, in state: StateFolder) throws -> TopicRecord? {
        let path = path(topic, in: state)
        guard let document = try SecretDocument(reading: path) else { return nil }
        do {
            var fields = try Fields(try JSON.parse(Hex.decode(document.text("state"))), in: "state")
            var record = TopicRecord(topic: topic, mesh: try fields.mesh())
            record.joined = try fields.bool("joined")
            record.joinedAt = try fields.optional("joined_at") { fields, name throws(WireError) in
                try fields.time(name)
            }
            record.revocations = try fields.optional("revocations") { fields, name throws(WireError) in
                try fields.hex(name, bytes: 32)
            }
            record.minEpoch = try fields.integer("min_epoch")
            record.epoch = try fields.integer("epoch")
            record.proof = try fields.nullable("proof") { fields, name throws(WireError) in
                try TopicProof(json: fields.take(name))
            }
            var keys: [TopicKey] = []
            for (index, item) in try fields.array("keys", atMost: 1024).enumerated() {
                var entry = try Fields(item, in: "key")
                keys.append(
                    TopicKey(
                        epoch: try Epoch(json: entry.take("epoch")),
                        key: try document.secret(keyName(index), count: 32), from: try entry.ulid("from"),
                        at: try entry.time("at")))
                try entry.end()
            }
            try fields.end()
            record.ring = TopicKeyring(keys)
            return record
        } catch let error as KinError {
            throw error
        } catch {
            throw KinError(
                "file_damaged",
                "\(path) is damaged (\(error)): restore it from a backup, or remove it; then its keys are asked of others in the topic"
            )
        }
    }

    public static func write(_ record: TopicRecord, in state: StateFolder) throws {
        let keys = record.ring.keys
        let entries = keys.map {
            JSON.object(["epoch": $0.epoch.json, "from": .text($0.from), "at": .integer($0.at)])
        }
        let described = JSON.object(
            [
                "mesh": .text(record.mesh), "joined": .bool(record.joined), "min_epoch": .integer(record.minEpoch),
                "epoch": .integer(record.epoch), "proof": .orNull(record.proof) { $0.json }, "keys": .array(entries),
            ].adding("joined_at", record.joinedAt) { .integer($0) }.adding("revocations", record.revocations) {
                .hex($0)
            })
        let document = SecretDocument.render(
            [("schema_version", "1"), ("state", Hex.encode(described.canonicalBytes()))],
            secrets: keys.enumerated().map { (keyName($0.offset), $0.element.key) })
        try StateFolder.prepareFolder(folder(in: state))
        try StateFolder.write(document, to: path(record.topic, in: state))
    }

    private static func keyName(_ index: Int) -> String { "key \(index)" }

    /// Removes a topic's file, where there is one.
    public static func remove(_ topic: TopicName, in state: StateFolder) throws {
        let path = path(topic, in: state)
        guard FileManager.default.fileExists(atPath: path) else { return }
        try FileManager.default.removeItem(atPath: path)
    }
}
