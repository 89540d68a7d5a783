import CSodium

/// Key derivation with HMAC-SHA256 (RFC 5869).
public enum HKDF {
    /// A key of `count` bytes, at most 8,160, from `secret`.
    public static func sha256(
        _ secret: SecretBytes, salt: some Collection<UInt8>, info: some Collection<UInt8>, count: Int
    ) -> SecretBytes {
        var state = HMACState256(key: salt)
        return derive(secret, &state, info: info, count: count)
    }

    /// The same with a salt that is a secret itself, such as the chaining key of a handshake.
    public static func sha256(
        _ secret: SecretBytes, salt: SecretBytes, info: some Collection<UInt8>, count: Int
    ) -> SecretBytes {
        var state = HMACState256(key: salt)
        return derive(secret, &state, info: info, count: count)
    }

    /// The same with salt and info as UTF-8 text, as labels are.
    public static func sha256(_ secret: SecretBytes, salt: String, info: String, count: Int) -> SecretBytes {
        sha256(secret, salt: Array(salt.utf8), info: Array(info.utf8), count: count)
    }

    private static func derive(
        _ secret: SecretBytes, _ state: inout HMACState256, info: some Collection<UInt8>, count: Int
    ) -> SecretBytes {
        // The intermediate key lives for microseconds: the stack, erased, spares a guarded region of its own.
        return withErasedBytes(count: HMACState256.outputCount) { extracted in
            secret.withBytes { state.update($0) }
            state.finish(into: extracted)
            return expand(UnsafeRawBufferPointer(extracted), info: info, count: count)
        }
    }

    private static func expand(_ key: UnsafeRawBufferPointer, info: some Collection<UInt8>, count: Int) -> SecretBytes {
        let blockCount = HMACState256.outputCount
        precondition(count <= 255 * blockCount, "HKDF-SHA256 gives at most 8,160 bytes")
        let blocks = (count + blockCount - 1) / blockCount
        let whole = SecretBytes(count: blocks * blockCount) { output in
            for block in 0..<blocks {
                var state = HMACState256(key: key)
                if block > 0 {
                    state.update(
                        UnsafeRawBufferPointer(rebasing: output[(block - 1) * blockCount..<block * blockCount]))
                }
                state.update(info)
                state.update(CollectionOfOne(UInt8(block + 1)))
                state.finish(into: .init(rebasing: output[block * blockCount..<(block + 1) * blockCount]))
            }
        }
        guard whole.count > count else { return whole }
        return whole.withBytes { SecretBytes(copying: $0.prefix(count)) }
    }
}
