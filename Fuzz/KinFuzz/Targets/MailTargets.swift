import KinEncoding
import KinSession
import KinWire

// What members seal for each other.

extension FuzzTarget {
    static let mail = [
        FuzzTarget(name: "message", alphabet: jsonAlphabet + "é\u{0}", isStructured: true) { bytes in
            guard let message = try? SealedMessage(canonical: bytes) else { return false }
            try promise(message.canonicalBytes() == bytes, "a message is written otherwise")
            try promise(DirectSealer.sealedCount(of: message) > bytes.count, "a sealed message is shorter than it")
            // Whatever the times in it: an answer, and no overflow.
            for now in [0, message.createdAt, (1 << 53) - 1] as [Int64] {
                try? DirectSealer.checkTime(of: message, now: now)
            }
            return true
        },
        FuzzTarget(name: "receipt", alphabet: jsonAlphabet, isStructured: true) { bytes in
            guard let receipt = try? Receipt(canonical: bytes) else { return false }
            try promise(receipt.canonicalBytes() == bytes, "a receipt is written otherwise")
            try promise((1...Receipt.maxIDs).contains(receipt.ids.count), "a receipt of \(receipt.ids.count) ids")
            return true
        },
    ]
}
