import Crypto

/// SHA-256 (FIPS 180-4) of what comes in parts. A copy goes on by itself.
public struct SHA256Stream: Sendable {
    private var state = SHA256()

    public init() {}

    public mutating func update(_ bytes: some Collection<UInt8>) {
        bytes.withContiguousBytes { state.update(bufferPointer: UnsafeRawBufferPointer($0)) }
    }

    /// The 32 bytes for all that has come.
    public var digest: [UInt8] { Array(state.finalize()) }
}
