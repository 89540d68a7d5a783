import KinClient
import KinDaemon
import KinEncoding
import KinIdentity
import KinWire
import Synchronization

/// The person and the issuer key of the device that certifies.
struct PairingGranting: PairingGranter {
    let installation: Installation
    let screen: PairingScreen
    let offer: PairingOffer
    /// The machine's own safety number, where nobody is to be asked.
    let machineNumber: String?
    /// Looks at whoever asks, before the person does.
    let admit: @Sendable (JoinRequest) throws -> Void
    private let outcome = Outcome()

    private final class Outcome: Sendable {
        let certified = Mutex<(request: JoinRequest, member: ULID)?>(nil)
    }

    init(
        _ installation: Installation, _ screen: PairingScreen, _ offer: PairingOffer, machineNumber: String? = nil,
        admit: @escaping @Sendable (JoinRequest) throws -> Void = { _ in }
    ) {
        self.installation = installation
        self.screen = screen
        self.offer = offer
        self.machineNumber = machineNumber
        self.admit = admit
    }

    private var approving: Approving { Approving(installation, now: screen.context.now()) }

    func confirm(_ request: JoinRequest, _ number: SafetyNumber) async throws -> Bool {
        try approving.check(request)
        try admit(request)
        screen.output.note("machine \(Self.title(request)) asks for a certificate")
        screen.output.note("as a    \(screen.powers(offer))")
        guard let machineNumber else { return try await screen.ask(number) }
        screen.note(number)
        try MachineNumber.check(machineNumber, request)
        return true
    }

    func certify(_ request: JoinRequest) throws -> [UInt8] {
        let servers = try DaemonSettings(reading: installation.state).servers
        let (sealed, member) = try approving.certify(
            request, role: offer.role, expiresAt: offer.expiresAt, servers: servers)
        outcome.certified.withLock { $0 = (request, member) }
        return sealed
    }

    /// Certifies over the pairing, to the end, and says so in one line.
    func run(with peer: PairedPeer) async throws {
        do {
            try await peer.grant(offer, by: self)
        } catch var error as KinError where error.code == "approval_unconfirmed" {
            if let member = outcome.certified.withLock({ $0?.member }) {
                error.detail["member"] = .text(member)
                error.message += ". Its member id is \(member):  kin device revoke  takes it back"
            }
            throw error
        }
        guard let (request, member) = outcome.certified.withLock({ $0 }) else { throw CancellationError() }
        try screen.output.answer(
            .lines(["\(Self.title(request)) is a \(offer.role) of \(offer.mesh) now, member \(member)"]),
            json: .object([
                "member": .text(member), "role": .text(offer.role), "machine_id": .text(request.machineID),
                "name": .orNull(request.name) { .text($0) }, "expires_at": .orNull(offer.expiresAt) { .integer($0) },
                "safety_number": .string(SafetyNumber.of(request).description),
                "pairing_number": .string(peer.safetyNumber.description),
            ]))
    }

    private static func title(_ request: JoinRequest) -> String {
        request.name.map { "“\($0)” (\(request.machineID))" } ?? request.machineID.description
    }
}

/// The safety number of a machine that was given in advance.
enum MachineNumber {
    private static let digits = 30

    /// - Throws: where it is no such number.
    static func parse(_ text: String) throws -> String {
        let number = text.filter { $0.isASCII && $0.isNumber }
        guard number.count == digits, text.allSatisfy({ $0.isNumber || $0.isWhitespace || $0 == "-" }) else {
            throw KinError(
                "usage",
                "--safety-number takes the machine's own number, 30 digits, as  kin device request  shows it there; the 16 of a pairing are made while both wait, and can only be compared",
                category: .usage)
        }
        return number
    }

    /// - Throws: `safety_numbers_differ`.
    static func check(_ given: String, _ request: JoinRequest) throws {
        let number = SafetyNumber.of(request)
        guard given.filter(\.isNumber) == number.description.filter(\.isNumber) else {
            throw KinError(
                "safety_numbers_differ", "the request has the safety number \(number): it was not approved",
                category: .refused)
        }
    }
}
