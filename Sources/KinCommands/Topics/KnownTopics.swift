import ArgumentParser
import KinDaemonAPI

/// The topics a shell completes.
enum KnownTopics {
    static let completion = CompletionKind.custom { (_: [String], _: Int, prefix: String) async -> [String] in
        guard let daemon = await LocalDaemon(.current)?.answering(), let listing = try? await daemon.topics() else {
            return []
        }
        return listing.topics.map(\.name.description).filter { $0.hasPrefix(prefix) }
    }
}
