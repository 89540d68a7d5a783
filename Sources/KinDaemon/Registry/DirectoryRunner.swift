import KinClient
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire
import Logging

/// Keeps the directory fresh: asks the relays now and then, soon after anything happened, and at once when a user asks.
actor DirectoryRunner {
    /// Between looks when nothing happens.
    static let interval = Duration.seconds(15)
    /// Between looks while someone is connected whose name is not known.
    static let eagerInterval = Duration.milliseconds(500)

    private let servers: [ServerAddress]
    private let reader: RegistryReader
    private let family: Family
    private let revocations: RevocationExchange
    private let state: StateFolder
    private let events: EventHub
    private let logger: Logger
    /// Milliseconds.
    private let now: @Sendable () -> Int64
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    private var unreachable: [ServerAddress: String] = [:]
    /// Seen for the first time, and not known at the broker yet.
    private var unannounced: [MachineID] = []
    /// Seen for the first time, and not yet told to a user.
    private var news: [MachineID] = []

    init(
        servers: [ServerAddress], reader: RegistryReader, family: Family, revocations: RevocationExchange,
        state: StateFolder, events: EventHub, logger: Logger, now: @escaping @Sendable () -> Int64
    ) {
        self.servers = servers
        self.reader = reader
        self.family = family
        self.revocations = revocations
        self.state = state
        self.events = events
        self.logger = logger
        self.now = now
        (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Something happened: look soon.
    nonisolated func lookSoon() { wake.yield() }

    /// Looks again and again, until cancelled.
    func run() async {
        while !Task.isCancelled {
            await look()
            await pause(family.hasUnnamedMembers ? Self.eagerInterval : Self.interval)
        }
    }

    /// Asks every relay now.
    func refreshed() async -> DeviceList {
        await look()
        defer { news = [] }
        return family.devices(new: news, unreachable: servers.compactMap { unreachable[$0] })
    }

    private func pause(_ time: Duration) async {
        await withTaskGroup { group in
            group.addTask { try? await Task.sleep(for: time) }
            group.addTask { [wakes] in
                for await _ in wakes { break }
                // Several things often happen together.
                try? await Task.sleep(for: .milliseconds(50))
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func look() async {
        for server in servers {
            do {
                let entries = try await reader.entries(at: server)
                unreachable[server] = nil
                let time = now()
                let (new, changed) = family.withDirectory { $0.merge(entries, from: server, now: time) }
                if changed { save() }
                unannounced += new
                for other in family.withDirectory({ $0.membersOfOtherMind() }) {
                    revocations.stated(other.head, by: other.member)
                }
            } catch {
                if Task.isCancelled { return }
                family.withDirectory { $0.lost(server) }
                unreachable[server] = (error as? KinError)?.message ?? "\(error)"
            }
        }
        let known = unannounced.filter { family.isToBeAnnounced($0) }
        unannounced.removeAll { known.contains($0) }
        for id in known { announce(id) }
    }

    private func save() {
        do {
            try DeviceCache.write(family.withDirectory { $0.cache }, to: state)
        } catch {
            logger.error("device_cache_unwritable", metadata: ["error": .string("\(error)")])
        }
    }

    private func announce(_ id: MachineID) {
        news.append(id)
        guard let name = family.withDirectory({ $0.device(id)?.opened.record.name }) else { return }
        logger.notice("new_device", metadata: ["machine_id": .string(id.description)])
        events.publish(DaemonEvent(kind: .deviceNew, data: .object(["name": .string(name)])))
    }
}
