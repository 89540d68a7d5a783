import CSodium

/// Bytes that must not leak: keys, seeds, recovery phrases.
///
/// They live on libsodium's guarded heap: between pages that may not be touched, read-only once filled, locked against
/// swap where the system's limit allows (`isLockedAgainstSwap`), left out of core dumps, and overwritten with zeros
/// when the last reference goes. Copies of the reference share the one region.
///
/// A region takes several pages and mappings whatever its size. Keep keys in it, not messages.
public final class SecretBytes: Sendable {
    /// The number of bytes.
    public let count: Int

    /// Written only in `init`, before anybody else knows the address; freed only in `deinit`.
    private nonisolated(unsafe) let address: UnsafeMutableRawPointer

    /// Lets `body` write `count` bytes in place, so that they exist nowhere else. The region starts as zeros.
    ///
    /// Ends the process where the system has no memory left.
    public init<E: Error>(count: Int, filling body: (UnsafeMutableRawBufferPointer) throws(E) -> Void) throws(E) {
        _ = Sodium.ready
        guard let address = sodium_malloc(count) else { fatalError("no guarded memory left for \(count) bytes") }
        sodium_memzero(address, count)
        do throws(E) {
            try body(UnsafeMutableRawBufferPointer(start: address, count: count))
        } catch {
            sodium_free(address)
            throw error
        }
        sodium_mprotect_readonly(address)
        self.address = address
        self.count = count
    }

    deinit {
        sodium_free(address)
    }

    /// A guarded copy. The original stays where it is, and is its owner's to erase.
    public convenience init(copying bytes: some Collection<UInt8>) {
        self.init(count: bytes.count) { $0.copyBytes(from: bytes) }
    }

    /// Fresh bytes from the system's randomness.
    public static func random(count: Int) -> SecretBytes {
        SecretBytes(count: count) { randombytes_buf($0.octets, $0.count) }
    }

    /// Lends the bytes to `body`. The pointer is dead once `body` returns.
    public func withBytes<R: ~Copyable, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafeRawBufferPointer(start: address, count: count))
    }
}

extension SecretBytes: Equatable {
    /// Compares in a time that depends on the length alone.
    public static func == (left: SecretBytes, right: SecretBytes) -> Bool {
        guard left.count == right.count else { return false }
        return left.withBytes { left in
            right.withBytes { right in sodium_memcmp(left.octets, right.octets, left.count) == 0 }
        }
    }
}
