import Hummingbird
import KinCrypto
import KinWire
import NIOCore

/// Request bodies that hold secrets: they go into guarded memory, and what they came in is erased.
enum SecretBody {
    /// - Throws: `body_too_large`.
    static func collect(_ body: RequestBody, upTo limit: Int) async throws -> SecretBytes {
        var parts: [SecretBytes] = []
        var count = 0
        for try await part in body {
            parts.append(SecretBytes(copying: part.readableBytesView))
            erase(part)
            count += part.readableBytes
            guard count <= limit else {
                throw KinError(
                    "body_too_large", "a request body is at most \(limit) bytes here", category: .tooLarge)
            }
        }
        return SecretBytes(count: count) { whole in
            var end = 0
            for part in parts {
                part.withBytes { UnsafeMutableRawBufferPointer(rebasing: whole[end...]).copyMemory(from: $0) }
                end += part.count
            }
        }
    }

    /// Overwrites what was read, in place: a copy on write would leave it where it is. Nobody reads the body again.
    private static func erase(_ buffer: ByteBuffer) {
        _ = buffer.withUnsafeReadableBytes { bytes in
            UnsafeMutableRawBufferPointer(mutating: bytes).initializeMemory(as: UInt8.self, repeating: 0)
        }
    }
}
