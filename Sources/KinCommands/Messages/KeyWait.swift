import KinDaemonAPI
import KinWire

/// Says of posts that wait for their topic's key whose word they wait for.
struct KeyWait {
    static let code = "pending_key"
    /// So many names at most.
    private static let maxNames = 4

    let members: (TopicName) async throws -> TopicMemberList

    init(_ client: DaemonClient) { members = { try await client.members(of: $0) } }

    init(members: @escaping (TopicName) async throws -> TopicMemberList) { self.members = members }

    /// The same messages with words in place of the bare code, for people.
    func explained(_ messages: [MessageStatus]) async -> [MessageStatus] {
        var known: [String: String] = [:]
        var messages = messages
        for index in messages.indices where messages[index].lastError == Self.code {
            let to = messages[index].toMember
            guard let topic = TopicName(String(to.dropFirst())) else { continue }
            let words =
                if let words = known[to] { words } else { Self.words(topic, try? await members(topic)) }
            known[to] = words
            messages[index].lastError = words
        }
        return messages
    }

    /// - Parameter list: nil where the server cannot say who is in it.
    static func words(_ topic: TopicName, _ list: TopicMemberList?) -> String {
        let rekey = "kin topic rekey \(topic)  makes another"
        guard let list else {
            return "waits for the topic's key (\(code)): somebody in \(topic) who has it must be there;  \(rekey)"
        }
        let others = list.members.filter { !$0.thisDevice && $0.joined && !$0.isRevoked }
        guard !others.isEmpty else { return "waits for a key that nobody else in \(topic) has (\(code)):  \(rekey)" }
        // Who is there can give it at once.
        let names = others.sorted { $0.online && !$1.online }.prefix(maxNames).map { member in
            member.online ? "\(member.name) (online)" : member.name
        }
        let more = others.count > maxNames ? " or \(others.count - maxNames) others" : ""
        return
            "waits for the topic's key (\(code)), which comes when one who has it is there: \(names.joined(separator: ", "))\(more);  \(rekey)"
    }
}
