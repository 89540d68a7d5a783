import KinWire

/// Why a pairing does not come about.
public enum PairingFault: String, Error, Hashable, Sendable, CaseIterable {
    /// The text is no pairing code.
    case codeInvalid = "pairing_code_invalid"
    /// Whoever is in the room does not know the code's token.
    case wrongCode = "pairing_wrong_code"
    /// The room had two parties already.
    case roomTaken = "pairing_room_taken"
    /// Nobody came within the room's time.
    case nobodyCame = "pairing_nobody_came"
    /// Nobody waits in the room of the code that was entered.
    case nobodyThere = "pairing_nobody_there"
    /// The two were together, and time ran out: a machine's, or the room's.
    case timedOut = "pairing_timed_out"
    /// The other side went, or the network did.
    case cut = "pairing_cut"
    /// A message after the handshake was changed, repeated or left out.
    case tampered = "pairing_tampered"
    /// A message of more than 65,519 bytes.
    case tooLong = "pairing_too_long"
    /// A message that is none, or out of turn.
    case malformed = "pairing_malformed"
    /// Both ask, both offer, or they pair for different things.
    case mismatch = "pairing_mismatch"
    /// The other side said no.
    case refused = "pairing_refused"
    /// The two people see different numbers: somebody stands between them.
    case numbersDiffer = "pairing_numbers_differ"
}

extension KinError {
    /// What people and programs are told.
    public init(_ fault: PairingFault) {
        let category: KinError.Category =
            switch fault {
            case .codeInvalid: .usage
            case .nobodyCame, .cut, .timedOut: .unreachable
            case .nobodyThere: .notFound
            case .tooLong: .tooLarge
            case .roomTaken, .mismatch: .conflict
            case .wrongCode, .tampered, .malformed, .refused, .numbersDiffer: .refused
            }
        self.init(fault.rawValue, fault.advice, category: category, retryable: category == .unreachable)
    }
}

extension PairingFault {
    /// What happened and what to do, in one sentence.
    var advice: String {
        switch self {
        case .codeInvalid: "this is no pairing code: copy it whole, or show a new one"
        case .wrongCode: "whoever is at the other end does not have this code: show a new one, and enter it as it is"
        case .roomTaken: "two are already pairing with this code: if they are not yours, stop there and show a new one"
        case .nobodyCame: "nobody entered the code in time: show a new one"
        case .nobodyThere:
            "nobody waits with this code: it was used, has expired, or is not the one that was shown; show a new one"
        case .timedOut: "the other side took too long, so nothing was done: show a new code and try again"
        case .malformed:
            "the other side says what it should not: is it another version, or somebody else? Show a new code"
        case .mismatch:
            "the code is for something else: that of  kin device request  is for  kin device approve , that of  kin mesh invite  for  kin mesh join"
        case .refused: "the other side said no: nothing was done"
        case .cut: "the connection ended before the two were paired: show a new code and try again"
        case .tampered: "what came was changed on its way: show a new code, and use another network"
        case .tooLong: "a pairing message has at most \(LinkLimits.maxRecord) bytes"
        case .numbersDiffer:
            "the answer was no, so nothing was done: where the numbers differ somebody stands between; show a new code elsewhere"
        }
    }
}
