import KinClient
import KinEncoding
import KinIdentity
import KinQR
import KinWire

/// What a pairing shows, and asks.
struct PairingScreen: Sendable {
    let context: CommandContext
    let output: Output

    /// - Throws: `not_confirmed` where nobody can be asked and nothing was given that answers.
    init(_ context: CommandContext, _ output: Output, given answer: String?, else advice: String) throws {
        self.context = context
        self.output = output
        guard answer != nil || context.terminal.canAsk else {
            throw KinError(
                "not_confirmed", "nobody can be asked here whether the numbers are the same: \(advice)",
                category: .usage)
        }
    }

    /// Goes into a new room and shows its code, then waits for whoever enters it.
    /// - Parameters:
    ///   - facts: for programs, beside the code.
    ///   - next: what to do with the code.
    func show(
        _ options: PairingOptions, at server: ServerAddress, _ facts: [String: JSON] = [:], next: String
    ) async throws -> PairedPeer {
        let code = try PairingMeeting.code(at: server)
        let meeting = try await PairingMeeting.enter(code, trustRoots: context.environment["SSL_CERT_FILE"])
        let end = context.now() + 600_000
        if output.notesAreOnTerminal && output.form == .text && !options.noQR { draw(code) }
        try output.answer(
            .lines([code.text]),
            json: .object(
                facts.merging(["code": .string(code.text), "expires_at": .integer(end)]) { fact, _ in fact }))
        output.note(
            "\(next) before \(Moments(context).clock(end)). It is good once, and for the two of you alone: who else has it can get in between, and only the number tells"
        )
        return try await meeting.greet(.shown)
    }

    /// Goes into the room of a code that was shown elsewhere.
    func enter(_ code: PairingCode) async throws -> PairedPeer {
        try await PairingMeeting.enter(code, trustRoots: context.environment["SSL_CERT_FILE"]).greet(.entered)
    }

    private func draw(_ code: PairingCode) {
        let isColoured = Style(of: context.errors, environment: context.environment).isColoured
        guard let drawing = QRCode(Array(code.text.utf8)) else { return }
        output.notePart(drawing.terminalText(isColoured: isColoured))
    }

    /// Shows the number, and asks whether the other screen shows the same.
    func ask(_ number: SafetyNumber) async throws -> Bool {
        output.note("number  \(number)", .strong)
        do {
            let answer = try await context.askAside("same number on the other screen? (y/N) ")
            let isYes = ["y", "yes"].contains(answer.lowercased().filter { !$0.isWhitespace })
            if isYes { output.note("waiting for the yes on the other side …", .dim) }
            return isYes
        } catch {
            // The prompt's line is still open.
            output.notePart("\n")
            throw error
        }
    }

    /// What the number is where nobody is asked.
    func note(_ number: SafetyNumber) { output.note("number  \(number)", .dim) }

    /// What a certificate lets its bearer do, and until when.
    func powers(_ offer: PairingOffer) -> String {
        let scopes =
            offer.scopes.isEmpty ? Self.may(offer.role) : offer.scopes.map(\.description).joined(separator: ", ")
        let end = offer.expiresAt.map { "until \(Moments(context).clock($0))" } ?? "with no end"
        return "\(offer.role), \(end): \(scopes)"
    }

    private static func may(_ role: Role) -> String {
        switch role {
        case .guest: "sends and receives where an owner put it"
        case .machine: "sends and receives, calls what it is allowed to; invites nobody"
        case .member: "sends and receives, joins topics, calls what it is allowed to"
        case .owner: "may do everything"
        }
    }
}

/// A pairing code that was shown elsewhere.
enum EnteredCode {
    /// - Throws: `pairing_code_invalid`.
    static func read(_ text: String) throws -> PairingCode {
        guard let code = parse(text) else {
            throw KinError(
                "pairing_code_invalid", "this is no pairing code: copy it whole, or show a new one", category: .usage)
        }
        return code
    }

    static func parse(_ text: String) -> PairingCode? { try? PairingCode(text: text) }
}
