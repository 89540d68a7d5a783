import ArgumentParser
import KinDaemon
import KinDaemonAPI
import KinIdentity

/// The names a shell completes.
enum KnownDevices {
    static let completion = CompletionKind.custom { (_: [String], _: Int, prefix: String) async -> [String] in
        await names(in: .current).filter { $0.hasPrefix(prefix) }
    }

    /// What the daemon knows of its mesh; nothing where none runs.
    static func names(in context: CommandContext) async -> [String] {
        guard let daemon = await LocalDaemon(context)?.answering(), let peers = try? await daemon.peers() else {
            return []
        }
        return peers.devices.filter { !$0.thisDevice }.map(\.name).sorted()
    }
}
