import KinWire

/// Remembers the tokens used until they are too old to be used again. Bounded: what cannot be remembered is refused, never forgotten.
public struct ReplayCache: Sendable {
    /// How many tokens are remembered.
    public struct Limits: Hashable, Sendable {
        /// Of one key within the time a token is good for: about seven a second.
        public var perKey: Int
        /// Of all keys.
        public var total: Int

        public init(perKey: Int = 4096, total: Int = 65_536) {
            self.perKey = perKey
            self.total = total
        }
    }

    private struct Use {
        var keyID: [UInt8]
        var mark: [UInt8]
    }

    private let limits: Limits
    /// The marks (nonces) used, by key.
    private var used: [[UInt8]: Set<[UInt8]>] = [:]
    /// The same by the second through which they must be remembered, to forget them in time.
    private var ends: [Int64: [Use]] = [:]
    public private(set) var count = 0

    public init(limits: Limits = Limits()) { self.limits = limits }

    /// Takes note of a use. Only tokens whose signature was found good may come here: others could fill it.
    /// - Parameters:
    ///   - mark: what tells this token of the key from every other.
    ///   - end: the last second, since 1970, at which the token could be taken.
    ///   - now: seconds.
    /// - Throws: `token_replayed`, `token_limit`.
    public mutating func use(keyID: [UInt8], mark: [UInt8], through end: Int64, now: Int64) throws(TokenFault) {
        forget(before: now)
        if used[keyID]?.contains(mark) == true { throw .replayed }
        guard count < limits.total, used[keyID]?.count ?? 0 < limits.perKey else { throw .limit }
        used[keyID, default: []].insert(mark)
        ends[end, default: []].append(Use(keyID: keyID, mark: mark))
        count += 1
    }

    private mutating func forget(before now: Int64) {
        // At most one entry for each second of the window.
        for end in ends.keys where end < now {
            for use in ends.removeValue(forKey: end) ?? [] {
                used[use.keyID]?.remove(use.mark)
                if used[use.keyID]?.isEmpty == true { used[use.keyID] = nil }
                count -= 1
            }
        }
    }
}
