import KinClient
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinSession
import KinWire
import Logging

/// Keeps the directory fresh: asks the relays now and then, soon after anything happened, and at once when a user asks.
actor DirectoryRunner {
    private let servers: [ServerAddress]
    private let reader: RegistryReader
    private let family: Family
    private let revocations: RevocationExchange
    private let state: StateFolder
    private let events: EventHub
    private let metrics: DaemonMetrics
    private let logger: Logger
    /// Milliseconds.
    private let now: @Sendable () -> Int64
    private let happenings = Happenings()
    private var looks = DirectoryLooks()
    /// What each server showed last, and when everything was read.
    private var known: [ServerAddress: (version: RegistryVersion, readAt: ContinuousClock.Instant)] = [:]
    private var unreachable: [ServerAddress: String] = [:]
    /// Records that were not believed, as far as they were counted.
    private var counted: [RecordFault: Int] = [:]
    /// Seen for the first time, and not known at the broker yet.
    private var unannounced: [MachineID] = []
    /// Seen for the first time, and not yet told to a user.
    private var news: [MachineID] = []

    init(
        servers: [ServerAddress], reader: RegistryReader, family: Family, revocations: RevocationExchange,
        state: StateFolder, events: EventHub, metrics: DaemonMetrics, logger: Logger,
        now: @escaping @Sendable () -> Int64
    ) {
        self.servers = servers
        self.reader = reader
        self.family = family
        self.revocations = revocations
        self.state = state
        self.events = events
        self.metrics = metrics
        self.logger = logger
        self.now = now
    }

    /// Something happened: look soon.
    nonisolated func lookSoon() { happenings.happened() }

    /// Looks again and again, until cancelled.
    func run() async {
        while !Task.isCancelled {
            await look()
            let pause = looks.pause(isSomebodyUnnamed: family.hasUnnamedMembers)
            guard await happenings.next(within: pause) else { continue }
            try? await Task.sleep(for: looks.somethingHappened(at: .now))
        }
    }

    /// Asks every relay now.
    func refreshed() async -> DeviceList {
        await look()
        defer { news = [] }
        return family.devices(new: news, unreachable: servers.compactMap { unreachable[$0] })
    }

    private func look() async {
        for server in servers {
            do {
                try await look(at: server)
                unreachable[server] = nil
                for other in family.withDirectory({ $0.membersOfOtherMind() }) {
                    revocations.stated(other.head, by: other.member)
                }
            } catch {
                if Task.isCancelled { return }
                known[server] = nil
                family.withDirectory { $0.lost(server) }
                unreachable[server] = (error as? KinError)?.message ?? "\(error)"
            }
        }
        let announced = unannounced.filter { family.isToBeAnnounced($0) }
        unannounced.removeAll { announced.contains($0) }
        for id in announced { announce(id) }
    }

    private func look(at server: ServerAddress) async throws {
        let began = ContinuousClock.now
        let since = known[server].flatMap { began - $0.readAt < DirectoryLooks.wholeInterval ? $0.version : nil }
        switch try await reader.read(server, since: since) {
        case .unchanged:
            let time = now()
            if family.withDirectory({ $0.confirm(server, now: time) }) { save() }
        case .entries(let entries, let version):
            let time = now()
            let (new, changed) = family.merge(entries, from: server, now: time)
            known[server] = version.map { ($0, began) }
            count(family.withDirectory { $0.dropped })
            if changed { save() }
            unannounced += new
        }
    }

    private func count(_ dropped: [RecordFault: Int]) {
        for (fault, times) in dropped { metrics.recordsDropped[fault].add(times - counted[fault, default: 0]) }
        counted = dropped
    }

    /// Lists a device no more, until it shows itself again.
    /// - Parameter time: `ts` of the record it is forgotten by.
    /// - Returns: false where it has shown another since.
    /// - Throws: where that cannot be kept: then it is listed again after the next start.
    func forget(_ id: MachineID, shownAt time: Int64) throws -> Bool {
        let isForgotten = family.withDirectory { directory in
            guard directory.device(id)?.opened.record.ts == time else { return false }
            directory.forget(id)
            return true
        }
        if isForgotten { try write() }
        return isForgotten
    }

    private func write() throws { try DeviceCache.write(family.withDirectory { $0.cache }, to: state) }

    private func save() {
        do {
            try write()
        } catch {
            logger.error("device_cache_unwritable", metadata: ["error": .string("\(error)")])
        }
    }

    private func announce(_ id: MachineID) {
        news.append(id)
        guard let opened = family.withDirectory({ $0.device(id)?.opened }) else { return }
        let name = opened.member.map { family.name(of: $0.member) } ?? opened.record.name
        logger.notice("new_device", metadata: ["machine_id": .string(id.description)])
        events.publish(DaemonEvent(kind: .deviceNew, data: .object(["name": .string(name)])))
    }
}
