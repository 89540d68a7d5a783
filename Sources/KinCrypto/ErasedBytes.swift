import CSodium

/// Lends `body` memory for secrets that live for microseconds: overwritten with zeros when it returns.
///
/// Not guarded: whatever lives longer belongs into `SecretBytes`.
public func withErasedBytes<R: ~Copyable>(count: Int, _ body: (UnsafeMutableRawBufferPointer) -> R) -> R {
    withUnsafeTemporaryAllocation(byteCount: count, alignment: 16) { bytes in
        defer { sodium_memzero(bytes.octets, bytes.count) }
        return body(bytes)
    }
}
