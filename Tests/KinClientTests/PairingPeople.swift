import KinCrypto
import KinIdentity
import KinLink
import KinTesting
import KinWire
import Synchronization

@testable import KinClient

/// A machine that asks, its person, and what it keeps.
final class AskingPerson: PairingAsker {
    let joining: PairedJoining
    let numbers = Observed([SafetyNumber]())
    private let answer: @Sendable (SafetyNumber) async throws -> Bool
    private let accepted = Mutex(false)

    init(_ joining: PairedJoining, answer: @escaping @Sendable (SafetyNumber) async throws -> Bool = { _ in true }) {
        self.joining = joining
        self.answer = answer
    }

    /// Whether it is a member now.
    var isMember: Bool { accepted.withLock { $0 } }

    func confirm(_ offer: PairingOffer, _ number: SafetyNumber) async throws -> Bool {
        numbers.update { $0.append(number) }
        try joining.check(offer)
        return try await answer(number)
    }

    func keep(_ sealed: [UInt8], offered: PairingOffer) throws {
        try joining.accept(joining.open(sealed, offered: offered), offered: offered)
        accepted.withLock { $0 = true }
    }
}

/// A device that certifies, its person, and whom it certified.
final class GrantingPerson: PairingGranter {
    let installation: Installation
    let offer: PairingOffer
    let numbers = Observed([SafetyNumber]())
    /// Machines it made certificates for.
    let certified = Observed([MachineID]())
    /// What it certifies in truth.
    var role: Role { given ?? offer.role }
    private let given: Role?
    private let answer: @Sendable (SafetyNumber) async throws -> Bool

    init(
        _ installation: Installation, _ offer: PairingOffer, giving role: Role? = nil,
        answer: @escaping @Sendable (SafetyNumber) async throws -> Bool = { _ in true }
    ) {
        self.installation = installation
        self.offer = offer
        given = role
        self.answer = answer
    }

    func confirm(_ request: JoinRequest, _ number: SafetyNumber) async throws -> Bool {
        numbers.update { $0.append(number) }
        try Approving(installation, now: TestClock.start).check(request)
        return try await answer(number)
    }

    func certify(_ request: JoinRequest) throws -> [UInt8] {
        certified.update { $0.append(request.machineID) }
        return try Approving(installation, now: TestClock.start).certify(
            request, role: role, expiresAt: offer.expiresAt, servers: []
        ).sealed
    }
}

/// A room's code, who asks and who certifies, with little patience.
struct PairingStage: Sendable {
    let family: TestFamily
    let owner: Installation
    let folder: TemporaryFolder
    let room: PairingRoom
    var patience = PairingPatience()

    /// - Parameter whole: how long all may take, where time is to run out; a machine's answer then 0.3 s.
    init(whole: Duration? = nil) async throws {
        family = try TestFamily()
        owner = try Installation(await family.device().state)
        folder = try TemporaryFolder()
        room = try PairingRoom(token: .random(count: 16))
        patience.company = whole == nil ? .seconds(20) : .milliseconds(300)
        patience.answer = patience.company
        patience.whole = whole ?? .seconds(20)
        patience.parting = .milliseconds(100)
    }

    var offer: PairingOffer { PairingOffer(purpose: .device, mesh: family.mesh, role: .member, expiresAt: nil) }

    func joining(_ purpose: PairingPurpose = .device) throws -> PairedJoining {
        try PairedJoining(
            purpose, name: DeviceName("kiosk"), home: StateFolder(root: folder.file("kiosk")), now: { TestClock.start })
    }

    func asker(
        _ purpose: PairingPurpose = .device,
        answer: @escaping @Sendable (SafetyNumber) async throws -> Bool = { _ in true }
    ) throws -> AskingPerson { AskingPerson(try joining(purpose), answer: answer) }

    func granter(
        giving role: Role? = nil, answer: @escaping @Sendable (SafetyNumber) async throws -> Bool = { _ in true }
    ) -> GrantingPerson { GrantingPerson(owner, offer, giving: role, answer: answer) }

    /// Shows the code and asks.
    /// - Returns: the code of the error it ended with; nil where it is done.
    func ask(_ asker: AskingPerson, over carrier: any LinkCarrier) async -> String? {
        await code {
            let peer = try await PairingMeeting(room: room, carrier: carrier).greet(.shown, patience: patience)
            try await peer.ask(asker.joining.purpose, asker.joining.request, by: asker, patience: patience)
        }
    }

    /// Enters the code and certifies.
    func grant(_ granter: GrantingPerson, over carrier: any LinkCarrier) async -> String? {
        await code {
            let peer = try await PairingMeeting(room: room, carrier: carrier).greet(.entered, patience: patience)
            try await peer.grant(granter.offer, by: granter, patience: patience)
        }
    }

    func code(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? KinError)?.code ?? "\(error)"
        }
    }
}
