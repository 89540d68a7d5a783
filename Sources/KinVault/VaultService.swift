public import KinCrypto
public import KinWire

/// The vault while a process runs: locked, until a phrase unlocks it; then it derives, seals, opens and signs, until it
/// is locked, by word or for idleness. Locking erases seed and derived keys.
///
/// Public keys are anyone's who can reach it. What uses a private key takes the handle that unlocking gave.
///
/// | code | when |
/// | --- | --- |
/// | `vault_locked` | anything but `unlock`, `lock` and `status` on a locked vault |
/// | `already_unlocked` | a second unlock |
/// | `handle_required` | a private key is to be used, and no handle was given |
/// | `handle_invalid` | the handle is not this unlocking's; answered slowly |
/// | `handle_attempts` | too many wrong handles at once |
/// | `wallet_path_private` | a path of the wallet, which never leaves |
public actor VaultService {
    public struct Limits: Hashable, Sendable {
        /// Derived keys kept at most.
        public var cacheCapacity: Int
        /// Milliseconds a derived key is kept.
        public var cacheLifetime: Int64
        /// Milliseconds without use of the handle after which it locks; nil: never.
        public var idle: Int64?

        public init(cacheCapacity: Int = 64, cacheLifetime: Int64 = 3_600_000, idle: Int64? = 900_000) {
            self.cacheCapacity = cacheCapacity
            self.cacheLifetime = cacheLifetime
            self.idle = idle
        }
    }

    /// An unlocked vault's secrets.
    private struct Unlocked {
        let seed: Seed
        let handle: VaultHandle
        let address: WalletAddress
        /// Milliseconds.
        var lastUse: Int64
    }

    private static let mostWaiting = 8

    private let limits: Limits
    private let now: @Sendable () -> Int64
    private let pause: @Sendable (Duration) async -> Void
    private var unlocked: Unlocked?
    private var cache: DerivedKeyCache
    private var wrongInARow = 0
    private var waiting = 0

    /// - Parameters:
    ///   - now: milliseconds since 1970.
    ///   - pause: how long a wrong handle waits for its answer.
    public init(
        limits: Limits = Limits(), now: @escaping @Sendable () -> Int64,
        pause: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
    ) {
        self.limits = limits
        self.now = now
        self.pause = pause
        cache = DerivedKeyCache(capacity: limits.cacheCapacity, lifetime: limits.cacheLifetime)
    }

    /// Unlocks with a phrase. Takes milliseconds.
    ///
    /// - Parameter passphrase: BIP39's; empty where there is none. A wrong one unlocks another, empty wallet.
    /// - Returns: the handle, new for each unlocking and dead once it is locked.
    /// - Throws: `already_unlocked`.
    public func unlock(
        _ phrase: Phrase, passphrase: SecretBytes = SecretBytes(copying: [])
    ) throws -> VaultHandle {
        lockIfIdle()
        guard unlocked == nil else { throw KinError.alreadyUnlocked }
        let seed = Seed(phrase: phrase, passphrase: passphrase)
        guard let address = WalletAddress(bytes: try WalletKey(seed: seed).privateKey.publicKey.bytes) else {
            throw KinError("wallet_underivable", "no wallet follows from this phrase: make another")
        }
        let handle = VaultHandle.random()
        unlocked = Unlocked(seed: seed, handle: handle, address: address, lastUse: now())
        wrongInARow = 0
        return handle
    }

    /// Locks, and erases. A locked vault stays locked.
    public func lock() {
        unlocked = nil
        cache.removeAll()
    }

    /// Locks where the handle was not used for the idle time, and drops keys that were kept long enough. Every call
    /// does so first; `autolock` does it when nobody calls.
    public func lockIfIdle() {
        let time = now()
        cache.removeExpired(now: time)
        guard let lastUse = unlocked?.lastUse, let idle = limits.idle else { return }
        // A clock that was set back must not prolong anything.
        unlocked?.lastUse = min(lastUse, time)
        if time - lastUse >= idle { lock() }
    }

    /// Locks for idleness until the task is cancelled; a service's own task runs it.
    public func autolock(every interval: Duration = .seconds(5)) async {
        while !Task.isCancelled {
            lockIfIdle()
            try? await Task.sleep(for: interval)
        }
    }

    public func status() -> VaultStatus {
        lockIfIdle()
        guard let unlocked else { return VaultStatus(address: nil, locksAt: nil) }
        return VaultStatus(address: unlocked.address, locksAt: limits.idle.map { unlocked.lastUse + $0 })
    }
}

// MARK: - What the other files build on

extension VaultService {
    /// Lends a key whose public half may be known.
    func withPublicKey<R>(
        _ curve: DerivedKeyCache.Curve, _ path: DerivationPath, _ body: (borrowing DerivedKey) throws -> R
    ) throws -> R {
        lockIfIdle()
        guard let seed = unlocked?.seed else { throw KinError.vaultLocked }
        guard !path.isWallet else { throw KinError.walletPathPrivate }
        return try cache.withKey(curve, path, seed: seed.bytes, now: now(), body)
    }

    /// Lends a key to whoever has the handle.
    func withPrivateKey<R: Sendable>(
        _ curve: DerivedKeyCache.Curve, _ path: DerivationPath, handle: VaultHandle?,
        _ body: (borrowing DerivedKey) throws -> R
    ) async throws -> R {
        let seed = try await authorize(handle)
        return try cache.withKey(curve, path, seed: seed.bytes, now: now(), body)
    }

    /// The wallet's own key, which is made for each use and never kept beside the others.
    func withWallet<R: Sendable>(
        account: UInt32, handle: VaultHandle?, _ body: (WalletKey) throws -> R
    ) async throws -> R {
        try body(WalletKey(seed: try await authorize(handle), account: account))
    }

    /// Lends a key that is to leave the vault: to whoever has the handle, and gives the phrase again.
    func withLeavingKey<R: Sendable>(
        _ curve: DerivedKeyCache.Curve, _ path: DerivationPath, handle: VaultHandle?, confirming again: Seed,
        _ body: (borrowing DerivedKey) throws -> R
    ) async throws -> R {
        let seed = try await authorize(handle)
        guard !path.reachesWallet else { throw KinError.walletPathPrivate }
        guard seed == again else { try await refuseSlowly(KinError.phraseMismatch) }
        return try cache.withKey(curve, path, seed: seed.bytes, now: now(), body)
    }

    @discardableResult
    private func authorize(_ handle: VaultHandle?) async throws -> Seed {
        lockIfIdle()
        guard let current = unlocked else { throw KinError.vaultLocked }
        guard let handle else { throw KinError.handleRequired }
        guard handle == current.handle else { try await refuseSlowly(KinError.handleInvalid) }
        unlocked?.lastUse = now()
        wrongInARow = 0
        return current.seed
    }

    /// The right handle never waits for the wrong ones: nobody can keep its owner out.
    private func refuseSlowly(_ error: KinError) async throws -> Never {
        guard waiting < Self.mostWaiting else { throw KinError.handleAttempts }
        waiting += 1
        wrongInARow += 1
        await pause(.milliseconds(min(5_000, 100 << min(wrongInARow - 1, 6))))
        waiting -= 1
        throw error
    }
}
