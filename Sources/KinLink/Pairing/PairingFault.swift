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
    /// The other side went, or the network did.
    case cut = "pairing_cut"
    /// A message after the handshake was changed, repeated or left out.
    case tampered = "pairing_tampered"
    /// A message of more than 65,519 bytes.
    case tooLong = "pairing_too_long"
    /// The two people see different numbers: somebody stands between them.
    case numbersDiffer = "pairing_numbers_differ"
}

extension KinError {
    /// What people and programs are told.
    public init(_ fault: PairingFault) {
        let category: KinError.Category =
            switch fault {
            case .codeInvalid: .usage
            case .nobodyCame, .cut: .unreachable
            case .tooLong: .tooLarge
            case .roomTaken: .conflict
            case .wrongCode, .tampered, .numbersDiffer: .refused
            }
        self.init(
            fault.rawValue, fault.advice, category: category, retryable: fault == .cut || fault == .nobodyCame)
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
        case .cut: "the connection ended before the two were paired: show a new code and try again"
        case .tampered: "what came was changed on its way: show a new code, and use another network"
        case .tooLong: "a pairing message has at most \(LinkLimits.maxRecord) bytes"
        case .numbersDiffer:
            "the two numbers differ, so somebody stands between: stop here, and show a new code elsewhere"
        }
    }
}
