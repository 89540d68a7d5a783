import KinLink
import KinWire

extension KinError {
    /// Why the way to the other side ended, or never was, as those who pair are told of it.
    init(pairing end: LinkEnd) {
        switch end.cause {
        case .roomTaken: self.init(PairingFault.roomTaken)
        case .roomExpired, .timedOut: self.init(PairingFault.timedOut)
        case .cancelled: self.init("interrupted", "interrupted; nothing was changed")
        case .unreachable:
            self.init(
                end.cause.rawValue, "\(end.oneLine): check the address and the network", category: .unreachable,
                retryable: true)
        case .relayTooOld:
            self.init(
                end.cause.rawValue, "that server has no pairing rooms: update it, or use another one",
                category: .refused)
        case .relayFull, .tooManyRooms, .rateLimited:
            self.init(end.cause.rawValue, end.oneLine, category: .exhausted, retryable: true)
        case .relayRefused, .frameTooLarge: self.init(end.cause.rawValue, end.oneLine, category: .refused)
        default:
            self.init(
                PairingFault.cut.rawValue,
                "\(end.oneLine) before the two were paired: show a new code and try again", category: .unreachable,
                retryable: true)
        }
    }
}

extension LinkEnd {
    /// The message, in which what others said makes no line of its own.
    fileprivate var oneLine: String {
        message.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
