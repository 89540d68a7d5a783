/// Who may read and write a topic, and make keys for it (docs/protocol/mesh.md, "Topics").
public enum TopicRights {
    /// How far a new epoch's counter may be ahead of the one before: numbers are not used up.
    public static let maxAhead: Int64 = 1 << 20

    /// Whether the bearer of a certificate may, while it is a member.
    ///
    /// A private topic is for those its list names. Any other: where the certificate names topics, those alone, and `all`; else all of them.
    /// A guest has no topics but those its certificate or a list names.
    /// - Parameter list: of a private topic.
    public static func allow(_ certificate: Certificate, _ topic: TopicName, list: TopicList? = nil) -> Bool {
        if let list { return list.members.contains(certificate.member) }
        let named = certificate.scopes.compactMap { if case .topic(let name) = $0 { name } else { nil } }
        if named.contains(topic) { return true }
        guard certificate.role > .guest else { return false }
        return named.isEmpty || topic == .everybody
    }

    /// Whether the bearer may sign a list after `known`: who made the topic, or an owner.
    public static func allowSetting(_ certificate: Certificate, after known: TopicList) -> Bool {
        certificate.member == known.creator || certificate.role == .owner
    }
}
