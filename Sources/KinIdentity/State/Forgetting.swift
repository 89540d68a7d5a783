import Foundation

/// Ends an installation: secrets and certificates are erased, messages are set aside.
public struct Forgetting: Sendable {
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
        for path in [state.walletPath, state.devicesPath, state.aliasesPath] { try erase(path) }
        if state.mesh.isHome { try erase(state.path("vault.sealed")) }
        // Other meshes of this machine go on with its id.
        if state.meshes().isEmpty { try erase(state.path("device.json")) }
        // While succession.json names them.
        for candidate in (try? SuccessionFile(reading: state))?.candidates ?? [] {
            try SuccessionSwitch.discard(candidate.successor, in: state)
        }
        for name in Self.daemonSecrets { try erase("\(state.daemon())/\(name)") }
        // An outbox that was recovered and is not in its place yet is one too.
        let recovered = try FileManager.default.contentsOfDirectory(atPath: state.daemon()).filter {
            $0.hasPrefix("outbox.db.recovered-") && !$0.contains(".forgotten-")
        }
        return try (Self.stores + recovered.sorted()).flatMap { try setAside(state.daemon() + "/" + $0) }
    }

    /// The file, and what was set aside of it.
    private func erase(_ path: String) throws {
        try StateFolder.erase(path)
        let (folder, name) = ((path as NSString).deletingLastPathComponent, (path as NSString).lastPathComponent)
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
