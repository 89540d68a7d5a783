import KinIdentity
import KinWire

/// Whom a person or program means.
struct Addressing: Sendable {
    let family: Family
    let topics: TopicBook

    /// A device by name or id, `#` and a topic's name, or `all`.
    /// - Throws: `unknown_recipient`, `ambiguous_recipient`, `unknown_topic`, `not_joined`.
    func destination(_ text: String) throws -> Destination {
        guard text == "all" || text.hasPrefix("#") else { return .dm(try family.resolve(text).member) }
        let name = text == "all" ? text : String(text.dropFirst())
        guard let topic = TopicName(name), let record = topics.record(topic) else { throw Self.unknown(name) }
        guard record.joined else { throw Self.notJoined(topic) }
        return .topic(topic)
    }

    static func notJoined(_ topic: TopicName) -> KinError {
        KinError(
            "not_joined", "this device is not in \(topic): join it with  kin topic join \(topic)", category: .conflict)
    }

    private static func unknown(_ topic: String) -> KinError {
        KinError(
            "unknown_topic",
            "there is no topic \(topic.prefix(64)) that this device may see:  kin topics  lists those there are",
            category: .notFound)
    }
}

extension Family {
    /// What a destination is called.
    func name(of destination: Destination) -> String {
        switch destination {
        case .dm(let member): name(of: member)
        case .topic: destination.recipient
        }
    }
}
