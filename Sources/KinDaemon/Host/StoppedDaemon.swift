import Foundation
import KinEncoding
public import KinIdentity
import KinMailbox
public import KinWire

/// A home whose daemon does not run, and cannot start while this lives: for changes to what it must not have open.
public struct StoppedDaemon: Sendable {
    /// What its lock says it is there for.
    static let purpose = "maintenance"

    let state: StateFolder
    private let reader: HostReader
    private let lock: FileLock

    /// - Throws: `no_wallet`; `daemon_running`; `loose_mode`.
    public init(_ state: StateFolder, reader: HostReader = .system) throws {
        try state.check()
        guard try WalletFile(reading: state.walletPath) != nil else { throw Installation.missing(state) }
        try state.prepare()
        self.state = state
        self.reader = reader
        lock = try DaemonPaths.lock(state, for: Self.purpose)
    }

    /// Takes this machine for the one the home belongs to: it moved, or a part of it was changed.
    /// - Returns: whether it was not before.
    public func acceptHost() throws -> Bool { try HostCheck(state, reader: reader).accept() }

    /// What became of a copy.
    public struct Reminted: Sendable {
        public var machineID: MachineID
        public var member: ULID
        /// Paths of what was moved aside, as they are now.
        public var movedAside: [String]
        /// Messages of the original that its broker had not taken when the copy was made; nil where its outbox could not be read.
        /// The copy never sends them: the original does.
        public var pending: Pending?
        /// The name of the original, which this device does not go by any more.
        public var formerName: DeviceName?
    }

    public struct Pending: Sendable {
        public var count: Int
        /// The first of them.
        public var first: [Message]

        public struct Message: Hashable, Sendable {
            public var id: ClientMessageID
            public var recipient: String
        }

        static let shown = 100
    }

    /// Makes this copy a device of its own (`Reminting`).
    /// - Parameter now: milliseconds.
    /// - Throws: `another_wallet` where `wallet` is not the home's; whatever the signer throws. Then nothing was changed.
    public func remint(_ wallet: WalletFile, signer: any WalletSigner, now: Int64) async throws -> Reminted {
        try Enrolment(state: state, now: now).refuseAnotherWallet(than: wallet.address)
        var settings = try DaemonSettings(reading: state)
        let pending = try? Pending(outbox: DaemonPaths.outbox(in: state))
        let outcome = try await Reminting(state, reader: reader, now: now).run(wallet, signer: signer)
        let formerName = settings.name
        if formerName != nil {
            // Two devices of one name could not be told apart.
            settings.name = nil
            try settings.write(to: state)
        }
        withExtendedLifetime(lock) {}
        return Reminted(
            machineID: outcome.machineID, member: outcome.member, movedAside: outcome.movedAside, pending: pending,
            formerName: formerName)
    }
}

extension StoppedDaemon.Pending {
    /// Reads and closes the outbox, which empties its log into the one file.
    fileprivate init(outbox path: String) throws {
        try OutboxRecovery.finish(path)
        guard access(path, F_OK) == 0 else {
            self.init(count: 0, first: [])
            return
        }
        let outbox = try OutboxStore(path: path) { [UInt8](repeating: 0, count: 8) }
        defer { outbox.close() }
        var first: [Message] = []
        for lane in try outbox.pendingLanes() where first.count < Self.shown {
            let rows = try outbox.pending(in: lane, after: 0, limit: Self.shown - first.count)
            first += rows.map { Message(id: $0.clientMessageID, recipient: $0.lane.destination.ref) }
        }
        self.init(count: try outbox.depth().pending, first: first)
    }
}
