import KinCrypto

/// Derived keys of one seed, for as long as they are worth keeping: the one not used for longest goes first, and none
/// outlives its time. What goes is erased.
///
/// Times are milliseconds, and the caller's.
public struct DerivedKeyCache: Sendable {
    /// Which arithmetic a path is walked with.
    public enum Curve: Hashable, Sendable {
        case ed25519, secp256k1
    }

    private struct Name: Hashable {
        let curve: Curve
        let path: DerivationPath
    }

    /// A key that the dictionary can hold; erased with its last reference.
    private final class Entry: Sendable {
        let key: DerivedKey
        init(_ key: consuming DerivedKey) { self.key = key }
    }

    private struct Slot {
        let entry: Entry
        let expires: Int64
        var lastUse: UInt64
    }

    /// How many keys are kept at most.
    public let capacity: Int
    /// Milliseconds from derivation until a key is derived anew.
    public let lifetime: Int64
    private var slots: [Name: Slot] = [:]
    private var uses: UInt64 = 0

    public init(capacity: Int = 64, lifetime: Int64 = 3_600_000) {
        self.capacity = max(0, capacity)
        self.lifetime = lifetime
    }

    /// How many keys are held, expired ones included until somebody asks.
    public var count: Int { slots.count }

    /// Lends the key at `path` to `body`: the one that is kept, or a fresh one.
    public mutating func withKey<R>(
        _ curve: Curve, _ path: DerivationPath, seed: SecretBytes, now: Int64,
        _ body: (borrowing DerivedKey) throws -> R
    ) throws -> R {
        removeExpired(now: now)
        let name = Name(curve: curve, path: path)
        uses += 1
        if let kept = slots[name] {
            slots[name]?.lastUse = uses
            return try body(kept.entry.key)
        }
        let entry = Entry(
            curve == .ed25519
                ? try SLIP10.ed25519(seed: seed, path: path) : try SLIP10.secp256k1(seed: seed, path: path))
        if capacity > 0 {
            if slots.count >= capacity, let oldest = slots.min(by: { $0.value.lastUse < $1.value.lastUse }) {
                slots[oldest.key] = nil
            }
            slots[name] = Slot(entry: entry, expires: now + lifetime, lastUse: uses)
        }
        return try body(entry.key)
    }

    /// Whether the key at `path` is kept and would be lent at `now`.
    public func holds(_ curve: Curve, _ path: DerivationPath, now: Int64) -> Bool {
        slots[Name(curve: curve, path: path)].map { $0.expires > now } ?? false
    }

    /// Drops what has outlived its time; a clock that went back counts as all time gone.
    public mutating func removeExpired(now: Int64) {
        slots = slots.filter { $0.value.expires > now && $0.value.expires - now <= lifetime }
    }

    public mutating func removeAll() { slots.removeAll() }
}
