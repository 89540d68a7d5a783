import KinBroker
import KinCrypto
import KinIdentity
import KinWire

/// The keys that a server knows from certificates, each with the members whose key in force it is.
struct MemberKeys: Sendable {
    let broker: Broker

    /// nil where no member that is valid now has this key.
    func key(_ keyID: [UInt8]) -> KnownKey? {
        let chains = broker.members(withKeyID: keyID).compactMap { member in
            broker.validChain(of: member).map { (member, $0) }
        }
        guard let raw = chains.first?.1.ed25519Keys.first, let key = try? Ed25519.PublicKey(raw) else { return nil }
        let members = Set(chains.map(\.0))
        let maySend = chains.contains { $0.1.certificate.maySend }
        // Several members name the key: none of them is who it is.
        let id = members.count == 1 ? chains.first.map { "member:\($0.0)" } : nil
        return KnownKey(
            key: key,
            identity: Identity(
                id: id ?? "key:\(members.map(\.description).sorted().joined(separator: " "))",
                scopes: maySend ? [APIScope.send.rawValue] : [], resources: members))
    }
}
