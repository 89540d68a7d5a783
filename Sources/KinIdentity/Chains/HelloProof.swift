import KinCrypto
import KinWire

/// Signs and checks the hello that opens a session.
public enum HelloProof {
    /// How far a hello's clock may be off: 60 s, in milliseconds.
    public static let maxSkew: Int64 = 60_000

    /// What a daemon answers to `challenge`.
    /// - Parameters:
    ///   - origin: `scheme://host[:port]` of the server as dialled.
    ///   - now: milliseconds.
    public static func hello(
        answering challenge: Challenge, origin: String, chain: Chain, keys: DeviceKeys,
        revocationHead: RevocationHead, capabilities: [String], now: Int64
    ) -> Hello {
        let mesh = chain.certificate.mesh
        let statement = HelloStatement(
            origin: origin, mesh: mesh, nonce: challenge.nonce, chainSHA256: Digest.sha256(chain.canonicalBytes()),
            revocationHead: revocationHead, capabilities: capabilities, timestamp: now
        ).signed(by: keys.signing)
        return Hello(
            mesh: mesh, chain: chain, revocationHead: revocationHead, capabilities: capabilities, timestamp: now,
            signature: statement.signature)
    }

    /// Whether `hello` was signed for one of `origins` in answer to `nonce`, by the member's key in force.
    public static func isValid(_ hello: Hello, of member: VerifiedMember, nonce: [UInt8], origins: [String]) -> Bool {
        let chainHash = Digest.sha256(hello.chain.canonicalBytes())
        return origins.contains { origin in
            let statement = HelloStatement(
                origin: origin, mesh: hello.mesh, nonce: nonce, chainSHA256: chainHash,
                revocationHead: hello.revocationHead, capabilities: hello.capabilities, timestamp: hello.timestamp)
            return member.currentKeySigned(
                statement.unsignedBytes(), signature: hello.signature, domain: HelloStatement.domain)
        }
    }
}
