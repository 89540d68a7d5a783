import KinCrypto
import KinEncoding
import KinWire

/// The key of one epoch of a topic.
public struct TopicKey: Hashable, Sendable {
    public var epoch: Epoch
    /// 32 bytes.
    public var key: SecretBytes
    /// Who gave it; whoever minted it is believed before others.
    public var from: ULID
    /// Milliseconds: when it came.
    public var at: Int64

    public init(epoch: Epoch, key: SecretBytes, from: ULID, at: Int64) {
        self.epoch = epoch
        self.key = key
        self.from = from
        self.at = at
    }

    public static func == (one: TopicKey, other: TopicKey) -> Bool {
        one.epoch == other.epoch && one.from == other.from && one.at == other.at && one.key == other.key
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(epoch) }
}

/// The keys of one topic that a device has: a pure value (docs/protocol/messages.md, "Topics").
///
/// The higher counter comes later; of two with one counter that of the lower minter is used for sealing, and both open.
public struct TopicKeyring: Hashable, Sendable {
    /// Of one epoch, by different members: one of them may have lied.
    public static let maxCandidates = 4

    /// Earliest first.
    public private(set) var keys: [TopicKey]

    public init(_ keys: [TopicKey] = []) { self.keys = keys.sorted(by: Self.isBefore) }

    /// What to seal with; nil where no key is of this time.
    /// - Parameters:
    ///   - lowest: no key of a lower counter is used any more.
    ///   - highest: a key of a higher counter is not used yet.
    public func current(from lowest: Int64, through highest: Int64) -> TopicKey? {
        let usable = keys.filter { max(lowest, 1) <= $0.epoch.counter && $0.epoch.counter <= highest }
        guard let counter = usable.last?.epoch.counter else { return nil }
        let latest = usable.filter { $0.epoch.counter == counter }
        let minter = latest.map(\.epoch.minter.description).min()
        let candidates = latest.filter { $0.epoch.minter.description == minter }
        return candidates.first { $0.from == $0.epoch.minter } ?? candidates.first
    }

    /// What may open a post of that epoch, the likeliest first.
    public func candidates(for epoch: Epoch) -> [TopicKey] {
        let all = keys.filter { $0.epoch == epoch }
        return all.filter { $0.from == epoch.minter } + all.filter { $0.from != epoch.minter }
    }

    /// The highest counter of any key; 0 without one.
    public var highest: Int64 { keys.last?.epoch.counter ?? 0 }

    /// Of all epochs.
    static let maxKeys = 512

    /// One for each who tells of it, and the minter's own in any case: nobody keeps it out.
    /// - Parameter limit: counters kept beside the highest.
    /// - Returns: whether it is new, and worth keeping.
    public mutating func add(_ key: TopicKey, keeping limit: Int) -> Bool {
        let known = candidates(for: key.epoch)
        guard !known.contains(where: { $0.key == key.key || $0.from == key.from }) else { return false }
        let hearsay = known.filter { $0.from != key.epoch.minter }
        guard key.from == key.epoch.minter || hearsay.count < Self.maxCandidates - 1, keys.count < Self.maxKeys else {
            return false
        }
        keys.append(key)
        keys.sort(by: Self.isBefore)
        let counters = Set(keys.map(\.epoch.counter)).sorted()
        let kept = Set(counters.suffix(limit + 1))
        keys.removeAll { !kept.contains($0.epoch.counter) }
        return kept.contains(key.epoch.counter)
    }

    private static func isBefore(_ one: TopicKey, _ other: TopicKey) -> Bool {
        if one.epoch.counter != other.epoch.counter { return one.epoch.counter < other.epoch.counter }
        if one.epoch.minter != other.epoch.minter {
            return one.epoch.minter.description < other.epoch.minter.description
        }
        return (one.at, one.from.description) < (other.at, other.from.description)
    }
}
