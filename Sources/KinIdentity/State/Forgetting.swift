import Foundation

/// Ends an installation: secrets and certificates are erased, messages are set aside.
public struct Forgetting: Sendable {
    private static let secrets = ["wallet.json", "vault.sealed", "device.json", "devices.json"]
    private static let daemonSecrets = [
        "keypair.json", "chain.json", "revocations.json", "host_fingerprint.json", "local_token", "succession.json",
        "known_members.json", "settings.json",
    ]
    private static let stores = ["inbox.db", "outbox.db"]

    private let state: StateFolder
    /// Milliseconds.
    private let now: Int64

    public init(state: StateFolder, now: Int64) {
        self.state = state
        self.now = now
    }

    /// - Returns: the files that were set aside.
    public func forget() throws -> [String] {
        // wallet.json first: without it the home is no installation, whatever else is still there.
        for name in Self.secrets { try erase(name, in: state.root) }
        // While succession.json names them.
        for candidate in (try? SuccessionFile(reading: state))?.candidates ?? [] {
            try SuccessionSwitch.discard(candidate.successor, in: state)
        }
        for name in Self.daemonSecrets { try erase(name, in: state.daemon()) }
        // An outbox that was recovered and is not in its place yet is one too.
        let recovered = try FileManager.default.contentsOfDirectory(atPath: state.daemon()).filter {
            $0.hasPrefix("outbox.db.recovered-") && !$0.contains(".forgotten-")
        }
        return try (Self.stores + recovered.sorted()).flatMap { try setAside(state.daemon() + "/" + $0) }
    }

    /// The file, and what was set aside of it.
    private func erase(_ name: String, in folder: String) throws {
        try StateFolder.erase("\(folder)/\(name)")
        for other in try FileManager.default.contentsOfDirectory(atPath: folder) where other.hasPrefix(name + ".") {
            try StateFolder.erase("\(folder)/\(other)")
        }
    }

    /// A database goes with its log.
    private func setAside(_ path: String) throws -> [String] {
        try ["", "-wal", "-shm"].compactMap { suffix in
            guard FileManager.default.fileExists(atPath: path + suffix) else { return nil }
            let target = "\(path).forgotten-\(now)\(suffix)"
            try FileManager.default.moveItem(atPath: path + suffix, toPath: target)
            return suffix.isEmpty ? target : nil
        }
    }
}
