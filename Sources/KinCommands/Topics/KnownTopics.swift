import ArgumentParser
import KinDaemonAPI

/// The topics a shell completes.
enum KnownTopics {
    /// Every topic this device may see.
    static let completion = kind { _ in true }
    /// Those it is in.
    static let joined = kind(\.joined)
    /// Those it could join.
    static let others = kind { !$0.joined }
    /// Those whose members somebody names.
    static let named = kind(\.isPrivate)

    private static func kind(_ isWanted: @escaping @Sendable (TopicInfo) -> Bool) -> CompletionKind {
        .custom { (_: [String], _: Int, prefix: String) async -> [String] in
            await names(in: .current, isWanted).filter { $0.hasPrefix(prefix) }
        }
    }

    /// What the daemon knows of; nothing where none runs.
    static func names(in context: CommandContext, _ isWanted: (TopicInfo) -> Bool) async -> [String] {
        guard let daemon = await LocalDaemon(context)?.answering(), let listing = try? await daemon.topics() else {
            return []
        }
        return listing.topics.filter(isWanted).map(\.name.description)
    }
}
