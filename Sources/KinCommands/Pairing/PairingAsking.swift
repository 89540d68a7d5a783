import KinClient
import KinDaemon
import KinIdentity
import KinWire
import Synchronization

/// The person and the home of the machine that would be certified.
struct PairingAsking: PairingAsker {
    let joining: PairedJoining
    let screen: PairingScreen
    /// The wallet address it must be, where nobody is to be asked.
    let family: String?
    private let outcome = Outcome()

    /// What came of it.
    struct Joined: Sendable {
        var approval: JoinApproval
        var place: StateFolder
    }

    private final class Outcome: Sendable {
        let joined = Mutex<Joined?>(nil)
    }

    init(_ joining: PairedJoining, _ screen: PairingScreen, family: String?) {
        self.joining = joining
        self.screen = screen
        self.family = family
    }

    func confirm(_ offer: PairingOffer, _ number: SafetyNumber) async throws -> Bool {
        try joining.check(offer)
        let wallet = offer.mesh.wallet
        screen.output.note("family  \(wallet)")
        screen.output.note("as a    \(screen.powers(offer))")
        guard let family else { return try await screen.ask(number) }
        screen.note(number)
        guard family == wallet.description else {
            throw KinError(
                "another_family", "the other side is of the wallet \(wallet): nothing was accepted", category: .refused)
        }
        return true
    }

    func keep(_ sealed: [UInt8], offered: PairingOffer) throws {
        let approval = try joining.open(sealed, offered: offered)
        let place = joining.place(of: offered.mesh)
        // First what a start needs besides: who is a member is not asked to pair again.
        if !approval.servers.isEmpty {
            try place.prepare()
            var settings = try DaemonSettings(reading: place)
            if settings.servers.isEmpty {
                settings.servers = approval.servers
                try settings.write(to: place)
            }
        }
        try joining.accept(approval, offered: offered)
        outcome.joined.withLock { $0 = Joined(approval: approval, place: place) }
    }

    /// Asks over the pairing, to the end.
    func run(with peer: PairedPeer) async throws -> Joined {
        try await peer.ask(joining.purpose, joining.request, by: self)
        guard let joined = outcome.joined.withLock({ $0 }) else { throw CancellationError() }
        if joined.approval.servers.isEmpty {
            screen.output.note(
                "the family names no server that this machine reaches: start with  kin up --server URL", .bad)
        }
        return joined
    }
}
