import KinCrypto
import KinEncoding
import KinIdentity
import KinWire

// What members say about topics and themselves.

extension FuzzTarget {
    static let topics = [
        FuzzTarget(name: "topic-keys", alphabet: jsonAlphabet, isStructured: true) { bytes in
            guard let told = try? TopicKeys(canonical: bytes) else { return false }
            try promise(told.canonicalBytes() == bytes, "topic keys are written otherwise")
            var ring = TopicKeyring()
            for (index, entry) in told.keys.enumerated() {
                let key = TopicKey(
                    epoch: entry.epoch, key: SecretBytes(copying: entry.key), from: entry.epoch.minter,
                    at: Int64(index))
                _ = ring.add(key, keeping: 16)
                try promise(
                    ring.candidates(for: entry.epoch).count <= TopicKeyring.maxCandidates, "too many of one epoch")
            }
            try promise(Set(ring.keys.map(\.epoch.counter)).count <= 17, "more counters are kept than asked for")
            return true
        },
        FuzzTarget(name: "topic-keys-get", alphabet: jsonAlphabet, isStructured: true) { bytes in
            guard let get = try? TopicKeysGet(canonical: bytes) else { return false }
            try promise(get.canonicalBytes() == bytes, "a question for topic keys is written otherwise")
            return true
        },
        FuzzTarget(name: "topic-proof", alphabet: jsonAlphabet, isStructured: true) { bytes in
            guard let json = try? JSON.parseCanonical(bytes), let proof = try? TopicProof(json: json) else {
                return false
            }
            try promise(proof.json.canonicalBytes() == bytes, "a topic's list is written otherwise")
            try promise(!proof.list.isNewer(than: proof.list), "a list is newer than itself")
            // Whatever the times in it: an answer, and no overflow.
            for now in [0, proof.list.at, (1 << 53) - 1] as [Int64] {
                _ = try? proof.verify(in: proof.list.mesh, now: now)
            }
            return true
        },
        FuzzTarget(name: "profile", alphabet: jsonAlphabet + "é\u{0}", isStructured: true) { bytes in
            guard let profile = try? Profile(canonical: bytes) else { return false }
            try promise(profile.canonicalBytes() == bytes, "a profile is written otherwise")
            try promise((profile.summary?.utf8.count ?? 0) <= Profile.maxSummary, "a summary is too long")
            return true
        },
    ]
}
