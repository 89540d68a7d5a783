import KinIdentity
import KinWire

/// Why a link does not come about, or does not go on (docs/protocol/links.md, "Faults").
public enum LinkFault: Error, Hashable, Sendable {
    /// A handshake message does not open: another device's keys, another mesh, or changed on its way.
    case doesNotOpen
    /// What is inside a message is not of its form.
    case malformed
    /// The other side's chain does not make it a member.
    case chain(ChainFault)
    /// The chain is of other keys than the handshake.
    case keyMismatch
    /// Another chain of that member is known, and holds: a newer one, or one by a better word (`ChainConflict`).
    case superseded
    /// Another device answers than the one called.
    case wrongDevice
    /// The clocks are more than a minute apart.
    case clockDiffers
    /// The other side says no, with the code of one of its own faults.
    case refused(code: String)
    /// The first message was a repeat: whoever sent it does not have the keys.
    case unconfirmed
    /// The link that was to be continued is not held any more, or is another's.
    case lost
    /// A transport message does not open: changed, repeated, left out or out of order.
    case tampered
    /// A frame above the limit.
    case frameTooLarge
    /// As much is waiting to be sent as is kept.
    case busy
    /// An acknowledgement, or a continuation, of bytes that were not sent or are not kept.
    case positionInvalid
    /// Used after its end.
    case ended

    /// Stable, `[a-z0-9_]`.
    public var code: String {
        switch self {
        case .doesNotOpen: "link_does_not_open"
        case .malformed: "link_malformed"
        case .chain(let fault): fault.rawValue
        case .keyMismatch: "link_key_mismatch"
        case .superseded: "certificate_superseded"
        case .wrongDevice: "link_wrong_device"
        case .clockDiffers: "clock_differs"
        case .refused: "link_refused"
        case .unconfirmed: "link_unconfirmed"
        case .lost: "link_lost"
        case .tampered: "link_tampered"
        case .frameTooLarge: "frame_too_large"
        case .busy: "link_busy"
        case .positionInvalid: "link_position_invalid"
        case .ended: "link_ended"
        }
    }

    /// Whether the other side is told: only who is a member by its keys, or was until it was revoked.
    public var isTold: Bool {
        switch self {
        case .superseded, .clockDiffers, .chain(.revoked), .chain(.issuerRevoked): true
        default: false
        }
    }

    /// Whether another relay, or another attempt, would bring the same: the other device says no, or may not be talked to.
    public var isFinal: Bool {
        if case .refused = self { true } else { isTold }
    }

    /// Whether a new connection may continue the link: what the carrier did, not what the other side said.
    public var isResumable: Bool { self == .tampered }
}

extension KinError {
    /// What people and programs are told.
    public init(_ fault: LinkFault) {
        let category: KinError.Category =
            switch fault {
            case .busy: .busy
            case .frameTooLarge: .tooLarge
            case .lost, .tampered, .ended, .doesNotOpen, .unconfirmed: .unreachable
            default: .refused
            }
        let isRetryable = [.busy, .lost, .tampered, .ended].contains(fault)
        self.init(fault.code, fault.advice, category: category, retryable: isRetryable)
    }
}

extension LinkFault {
    /// What happened and what to do, in one sentence.
    var advice: String {
        switch self {
        case .doesNotOpen:
            "the other device does not open this link: it has other keys now, or is of another mesh; look at  kin devices  and try again"
        case .malformed: "the other device speaks another version of links: update  kin  on both"
        case .chain(let fault): "the other device's certificates do not hold (\(fault)): see  kin devices"
        case .keyMismatch:
            "the other device shows a certificate of other keys than its own: it is not the device it says"
        case .superseded:
            "another certificate of this device is known, and holds: restart  kin up  there, so that it uses the newest"
        case .wrongDevice: "another device answered than the one called: look at  kin devices  and try again"
        case .clockDiffers: "the clocks of the two devices are more than a minute apart: set them, then try again"
        case .refused(let code): "the other device refuses this link (\(code)): look at  kin status  here"
        case .unconfirmed: "a repeated opening was turned away: nothing needs to be done"
        case .lost: "the link was away too long to go on where it was: open it again"
        case .tampered: "the link's bytes were changed or lost on their way, and it was cut: it is opened again"
        case .frameTooLarge: "a frame has at most \(LinkLimits.maxFrame) bytes: send less at once, or share a file"
        case .busy: "the other device does not take what is sent fast enough: wait, then send again"
        case .positionInvalid: "the two devices disagree on what has come: open the link again"
        case .ended: "the link has ended: open it again"
        }
    }
}
