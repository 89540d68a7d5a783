import KinClient
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire
import Logging
import Synchronization

/// The daemon of this home goes on in the mesh of a new wallet.
struct WalletSucceeded: Error {}

/// Knows of wallets that would take over, decides whether this device follows, and ends the daemon's life in the old mesh when it does.
final class SuccessionKeeper: Sendable {
    struct State {
        var file: SuccessionFile
        var seen: KnownMembers
        /// What was prepared for the wallets to sign.
        var draft: SuccessionDraft?
        var link: MeshLink?
        /// The wallet for which the broker has nothing more for this device.
        var drained: WalletAddress?
        /// The broker said on this connection that it knows of this device's own succession.
        var isConfirmed = false
        /// When it was told last, milliseconds.
        var toldBrokerAt: Int64 = 0
        /// Every device's message has reached the broker.
        var isEverybodyTold = false
        var trouble: String?
        /// From here on nothing changes any more: the next life of the daemon finishes.
        var isLeaving = false
    }

    let installation: Installation
    let family: Family
    let mail: SuccessionMail
    let events: EventHub
    let logger: Logger
    /// Milliseconds.
    let now: @Sendable () -> Int64
    let state: Mutex<State>
    private let ends: AsyncStream<Void>
    let end: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - file: what this device knows of new wallets.
    ///   - seen: since when it knows its family's members.
    init(
        _ installation: Installation, file: SuccessionFile, seen: KnownMembers, family: Family, mail: SuccessionMail,
        events: EventHub, logger: Logger, now: @escaping @Sendable () -> Int64
    ) {
        self.installation = installation
        self.family = family
        self.mail = mail
        self.events = events
        self.logger = logger
        self.now = now
        state = Mutex(State(file: file, seen: seen))
        (ends, end) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
    }

    /// Waits until this device moves.
    /// - Throws: `WalletSucceeded` then.
    func waitForOwn() async throws {
        for await _ in ends { throw WalletSucceeded() }
    }

    // MARK: The connection

    func connected(_ link: MeshLink) {
        let introduces = state.withLock { state in
            state.link = link
            return state.file.introduces
        }
        let known = Set(family.roster.all.map(\.member))
        let frames = introduces.filter { !known.contains($0.member) }
            .map { MeshFrame.memberPut(MemberPut(chain: $0)).encoded() }
        if !frames.isEmpty { link.send(frames) }
    }

    func disconnected(_ link: MeshLink) {
        state.withLock { state in
            guard state.link === link else { return }
            (state.link, state.drained, state.isConfirmed, state.toldBrokerAt) = (nil, nil, false, 0)
        }
    }

    /// The broker's answer to what this device said of its own succession.
    func brokerRefused(_ error: ErrorFrame) {
        guard error.ref == "succession" || error.code == "unknown_message_type" else { return }
        state.withLock { state in
            if state.file.candidates.contains(where: \.isOwn) { state.trouble = "\(error.message) (\(error.code))" }
        }
    }

    /// The broker knows of a new wallet.
    func brokerTold(_ told: Handover) {
        guard let speaker = verified(told) else { return }
        var handover = told
        handover.drained = false
        do {
            let isNews = try state.withLock { state in
                guard !state.isLeaving else { return false }
                let successor = handover.succession.successor
                // A rival says that nothing is drained; the same claim once more says nothing new.
                if told.drained { state.drained = successor } else if state.drained != successor { state.drained = nil }
                if state.file.candidate(successor)?.isOwn == true {
                    state.isConfirmed = true
                    guard handover.succession.member != installation.chain.member else { return false }
                    // Another device was first to speak for this wallet, and tells the others.
                    try state.keep(following(successor, state.file), in: installation.state)
                    return false
                }
                guard let file = noting(handover, by: speaker, state) else { return false }
                try state.keep(file, in: installation.state)
                return true
            }
            if isNews { announce(handover.succession.successor, speaker) }
            settle()
        } catch {
            logger.error("succession_unwritable", metadata: ["error": .string("\(error)")])
        }
    }

    // MARK: Now and then

    /// Between looks: while a wallet would take over, and while none does.
    private static let (interval, idleInterval) = (Duration.milliseconds(200), Duration.seconds(2))

    /// Tells devices and the broker of this device's own succession, and gets to know members, until cancelled.
    func run() async {
        forgetSpent()
        while !Task.isCancelled {
            noteMembers()
            await tell()
            settle()
            let isIdle = state.withLock { $0.file.candidates.isEmpty }
            try? await Task.sleep(for: isIdle ? Self.idleInterval : Self.interval)
        }
    }

    private func noteMembers() {
        let everybody = family.everybody
        do {
            try state.withLock { state in
                guard !state.isLeaving, state.seen.note(everybody, now: now()) else { return }
                try state.seen.write(to: KnownMembers.path(in: installation.state))
            }
        } catch {
            logger.error("known_members_unwritable", metadata: ["error": .string("\(error)")])
        }
    }

    /// Empties what devices were told: it holds registry keys.
    private func forgetSpent() {
        let spent = state.withLock { $0.file.spent }
        mail.forget(spent) { [self] in
            do {
                try state.withLock { state in
                    var file = state.file
                    file.spent = []
                    try state.keep(file, in: installation.state)
                }
            } catch {
                logger.error("succession_unwritable", metadata: ["error": .string("\(error)")])
            }
        }
    }
}
