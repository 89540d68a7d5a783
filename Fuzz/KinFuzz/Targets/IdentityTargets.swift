import KinIdentity
import KinWire

extension FuzzTarget {
    static let identity = [
        FuzzTarget(name: "chain", alphabet: jsonAlphabet) { bytes in
            guard let chain = try? Chain(canonical: bytes) else { return false }
            try promise(chain.canonicalBytes() == bytes, "a chain is written otherwise")
            let now: Int64 = 1_767_225_600_000
            guard let member = try? ChainVerifier(mesh: chain.certificate.mesh).verify(chain, now: now) else {
                return true
            }
            try promise(member.member == chain.member, "a chain verifies for another member")
            return true
        }
    ]
}
