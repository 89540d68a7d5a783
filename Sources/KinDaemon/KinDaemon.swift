import AsyncHTTPClient
import Foundation
import Hummingbird
import KinClient
public import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinMailbox
import KinSession
import KinWire
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle

/// The long-lived process that makes a host a member: one lasting session, durable queues, a local API.
public struct KinDaemon: Service {
    private let options: DaemonOptions
    private let logger: Logger
    private let core: DaemonCore
    private let onReady: @Sendable (DaemonVersion, _ socket: String) -> Void

    /// Opens everything that is on this machine; nothing is dialled yet.
    /// - Parameter onReady: called when the local API answers; again where the daemon went on in the mesh of a new wallet.
    /// - Throws: `KinError`: `no_wallet`, `daemon_running`, `clone_suspected`, `loose_mode`, `home_not_writable`, `config_invalid`, `store_…`.
    public init(
        _ options: DaemonOptions, logger: Logger,
        onReady: @escaping @Sendable (DaemonVersion, _ socket: String) -> Void = { _, _ in }
    ) throws {
        self.options = options
        self.logger = logger
        do {
            core = try DaemonCore(options, logger: logger)
        } catch {
            // The log is the other daemon's where one runs.
            if (error as? KinError)?.code != "daemon_running" { Self.log(error, logger) }
            throw error
        }
        self.onReady = onReady
    }

    /// Whether the home was made on another machine, and its policy lets the daemon start all the same.
    public var isOnAnotherHost: Bool { core.host == .differs }

    /// Whether other users of this machine can reach the local API's port; they need its token all the same.
    public var isOnTCP: Bool { core.listen != .socketOnly }

    /// Runs until graceful shutdown.
    /// - Throws: `KinError` where the daemon must not go on: `feature_…`, `replaced_by_newer_connection`, `member_revoked`, `store_corrupt`, …
    public func run() async throws {
        var core = core
        while true {
            do {
                try await runParts(of: core)
                logger.notice("stopped")
                return await core.close()
            } catch is WalletSucceeded where !core.isEphemeral {
                await core.close()
                core = try next(after: core)
            } catch {
                let error = error is WalletSucceeded ? Self.familyMoved : error
                Self.log(error, logger)
                await core.close()
                throw error
            }
        }
    }

    private static let familyMoved = KinError(
        "family_moved",
        "the family went over to another wallet, and an ephemeral device does not follow: start it again with a join credential of that one",
        category: .refused)

    private func next(after core: DaemonCore) throws -> DaemonCore {
        do { return try DaemonCore(options, continuing: core, logger: logger) } catch {
            Self.log(error, logger)
            throw error
        }
    }

    /// A daemon that ends by itself says why, once.
    private static func log(_ error: any Error, _ logger: Logger) {
        guard !(error is CancellationError) else { return }
        let error = error as? KinError
        logger.critical(
            "failed",
            metadata: [
                "code": .string(error?.code ?? "internal"),
                "error": .string(error?.message ?? "the daemon failed"),
            ])
    }

    private func runParts(of core: DaemonCore) async throws {
        let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
        let api = try core.localAPI {
            let version = core.version()
            logger.notice(
                "started",
                metadata: [
                    "version": .string(version.daemonVersion), "name": .string(version.name.description),
                    "mesh": .string(version.mesh.description), "member": .string(version.member.description),
                ])
            onReady(version, DaemonPaths.socket(in: core.state))
            isReady.finish()
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { isReady.finish() }
                try await api.run()
            }
            // Who cannot be asked on this machine is not shown to others.
            for await _ in ready {}
            group.addTask { try await core.mesh.run() }
            group.addTask { await core.directory.run() }
            group.addTask { try await core.revocations.waitForOwn() }
            group.addTask { await core.successions.run() }
            group.addTask { try await core.successions.waitForOwn() }
            group.addTask { try await core.waitForDamage() }
            if let end = core.certificateEnd { group.addTask { try await core.waitForCertificate(until: end) } }
            group.addTask { await core.vault.autolock() }
            group.addTask { await core.upkeep.run() }
            group.addTask { await core.files.run() }
            group.addTask { await core.enclosed.run() }
            group.addTask { await core.events.beat() }
            group.addTask { await core.links.run() }
            group.addTask { await core.terminals.run() }
            group.addTask { await core.remoteFiles.run() }
            for registration in core.registrations { group.addTask { await registration.run() } }
            group.addTask {
                // Ends with the daemon: the others are then cancelled, which closes their connections.
                try? await gracefulShutdown()
            }
            // The first to end, by shutdown or failure, ends the rest. The API takes nothing more, but who asked is answered, and who listens hears why.
            let first = await group.nextResult()
            await api.end()
            try first?.get()
            let unsent = core.isEphemeral ? try await core.unsent(within: Self.lastSends) : 0
            group.cancelAll()
            try await group.waitForAll()
            if unsent > 0 { throw Self.lost(unsent) }
        }
    }

    /// How long an ephemeral daemon goes on sending what it accepted, once it is to end.
    private static let lastSends = Duration.seconds(2)

    private static func lost(_ count: Int) -> KinError {
        KinError(
            "messages_lost",
            "\(count == 1 ? "1 message" : "\(count) messages") had not reached the broker and went with this ephemeral daemon: wait for  kin send --wait relayed  before you end it",
            category: .unreachable, detail: ["count": .integer(Int64(count))])
    }
}
