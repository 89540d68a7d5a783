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

/// To whom a message or file can go: devices, the topics this device is in, and everybody.
enum KnownRecipients {
    static let completion = CompletionKind.custom { (_: [String], _: Int, prefix: String) async -> [String] in
        let devices = await KnownDevices.names(in: .current)
        let topics = await KnownTopics.names(in: .current) { $0.joined && $0.name != .everybody }
        // A shell may hand the # on with the sign or the quote that keeps it from being a comment.
        let bare = prefix.drop { $0 == "'" || $0 == "\"" || $0 == "\\" }
        return offered(devices: devices, topics: topics).filter { $0.hasPrefix(bare) }
    }

    static func offered(devices: [String], topics: [String]) -> [String] {
        guard !devices.isEmpty || !topics.isEmpty else { return [] }
        return devices + topics.map { "#\($0)" } + ["all"]
    }
}
