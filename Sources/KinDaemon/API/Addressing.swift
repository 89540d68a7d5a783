import KinEncoding
import KinIdentity
import KinWire

/// Whom a person or program means.
struct Addressing: Sendable {
    let family: Family
    let topics: TopicBook

    /// A device by name or id, `#` and a topic's name, or `all`.
    /// - Throws: `unknown_recipient`, `ambiguous_recipient`, `unknown_topic`, `not_joined`.
    func destination(_ text: String) throws -> Destination {
        let destination = try named(text)
        if case .topic(let topic) = destination, topics.record(topic)?.joined != true { throw Self.notJoined(topic) }
        return destination
    }

    /// As `destination`, also where nothing can be sent to any more: a topic that this device left.
    func named(_ text: String) throws -> Destination {
        guard !text.isEmpty, text != "#" else {
            throw KinError(
                text.isEmpty ? "unknown_recipient" : "unknown_topic",
                "that names nobody: a recipient is a device's name or member id, # and a topic's name, or all",
                category: .notFound)
        }
        guard text == "all" || text.hasPrefix("#") else { return .dm(try family.resolve(text).member) }
        let name = text == "all" ? text : String(text.dropFirst())
        guard let topic = TopicName(name), topics.record(topic) != nil else { throw Self.unknown(name) }
        return .topic(topic)
    }

    /// Whom a post mentions, by names that those know who read it.
    /// - Throws: `unknown_recipient`, `ambiguous_recipient`; `mention_unnamed`; `mention_not_in_topic`, of those that a private topic does not name.
    func mentions(_ names: [DeviceName], to destination: Destination) throws -> [DeviceName] {
        var known: [DeviceName] = []
        for name in names {
            let member = try family.resolve(name.description).member
            if case .topic(let topic) = destination, let list = topics.record(topic)?.proof?.list,
                !list.members.contains(member)
            {
                throw KinError(
                    "mention_not_in_topic",
                    "\(name) is not in \(topic), and would not see it:  kin topic add \(topic) \(name)",
                    category: .conflict)
            }
            let own = try knownName(name, member)
            if !known.contains(own) { known.append(own) }
        }
        return known
    }

    /// The name of a member that others know, where this device calls it otherwise.
    private func knownName(_ name: DeviceName, _ member: ULID) throws -> DeviceName {
        guard family.alias(of: member) == name else { return name }
        guard let own = family.ownName(of: member).flatMap({ DeviceName($0) }) else {
            throw KinError(
                "mention_unnamed",
                "what \(name) calls itself is not known here yet, and the others do not know your name for it: leave the mention out, or try again once it was there",
                category: .conflict)
        }
        return own
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
