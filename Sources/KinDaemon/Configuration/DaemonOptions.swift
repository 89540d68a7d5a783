import Foundation
public import KinIdentity
public import KinWire

/// What `kin up` was told.
public struct DaemonOptions: Sendable {
    public var state: StateFolder
    /// A device whose keys are in memory alone; nil: the one that is enrolled in `state`.
    public var ephemeral: EphemeralIdentity?
    /// Milliseconds: when an ephemeral device ends, for those who ask; nil where it ends with its process.
    public var endsAt: Int64?
    /// nil: as in `config.toml`, else made from the host's name.
    public var name: DeviceName?
    /// Addresses as the user names them, the first the mesh's broker; empty: as in `config.toml`, else a server on this machine.
    public var servers: [String]
    /// Whether the device shows itself under the wallet's address too, and looks there, as Miranda does.
    public var miranda = false
    /// A PEM file of certificate authorities (`SSL_CERT_FILE`); nil: what the system trusts.
    public var trustRoots: String?
    /// This program's file, to start `kin serve` with.
    public var executable: String
    /// What the machine is known by.
    public var host: HostReader
    /// The user's, absolute: what `~` means to others who reach files here.
    public var homeFolder = FileManager.default.homeDirectoryForCurrentUser.path
    /// Where the local API answers besides its socket; nil: as in `config.toml`, else `listenUnlessSaid`.
    public var listen: LocalListen?
    public var listenUnlessSaid = LocalListen.socketOnly
    /// Of this process; what programs on terminals get of it, `LoginAccount` says.
    public var environment: [String: String]
    /// Milliseconds since 1970.
    public var now: @Sendable () -> Int64

    public init(
        state: StateFolder, name: DeviceName? = nil, servers: [String] = [], trustRoots: String? = nil,
        executable: String, host: HostReader = .system,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) }
    ) {
        self.state = state
        self.name = name
        self.servers = servers
        self.trustRoots = trustRoots
        self.executable = executable
        self.host = host
        self.environment = environment
        self.now = now
    }
}

extension DaemonOptions {
    /// - Throws: `no_wallet`, `file_damaged`, `loose_mode`.
    func installation() throws -> Installation {
        guard let ephemeral else { return try Installation(state) }
        return try Installation(ephemeral, in: state)
    }
}

/// Where a daemon's files are.
public enum DaemonPaths {
    /// The local API.
    public static func socket(in state: StateFolder) -> String { state.daemon() + "/sock" }
    /// What is asked for over TCP: one line.
    public static func token(in state: StateFolder) -> String { state.daemon() + "/local_token" }
    /// Where on 127.0.0.1 the local API answers, while it does: one line.
    public static func port(in state: StateFolder) -> String { state.daemon() + "/port" }
    /// JSON lines, rotated.
    public static func log(in state: StateFolder) -> String { state.daemon() + "/daemon.log" }
    public static func pid(in state: StateFolder) -> String { state.daemon() + "/pid" }
    static func outbox(in state: StateFolder) -> String { state.daemon() + "/outbox.db" }
    static func files(in state: StateFolder) -> String { state.daemon() + "/files.db" }
    static func inbox(in state: StateFolder) -> String { state.daemon() + "/inbox.db" }

    /// One daemon a home.
    /// - Throws: `daemon_running`.
    /// - Parameter purpose: nil for a daemon.
    static func lock(_ state: StateFolder, for purpose: String? = nil) throws -> FileLock {
        do {
            return try FileLock(pid(in: state), purpose: purpose)
        } catch let taken as FileLock.Taken {
            throw KinError(
                "daemon_running",
                "a daemon already runs in \(state.place)\(taken.pid.map { " (process \($0))" } ?? ""): stop it first, or set KINDRED_HOME",
                category: .conflict)
        }
    }
}
