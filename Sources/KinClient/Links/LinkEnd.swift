import KinWebSocket
import KinWire

/// Why a link or a pairing room ended, or never began.
public struct LinkEnd: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Cause: String, CaseIterable, Sendable {
        case deviceOffline = "device_offline"
        case deviceSilent = "device_silent"
        case tooManyLinks = "too_many_links"
        case linksRefused = "links_refused"
        case sessionGone = "session_gone"
        case roomTaken = "room_taken"
        case roomExpired = "room_expired"
        case relayFull = "relay_full"
        case tooManyRooms = "too_many_rooms"
        case rateLimited = "rate_limited"
        case relayTooOld = "relay_too_old"
        case relayRefused = "relay_refused"
        case unreachable = "relay_unreachable"
        case draining = "server_draining"
        case peerClosed = "peer_closed"
        case peerLost = "peer_lost"
        case peerSlow = "peer_slow"
        case slowConsumer = "slow_consumer"
        /// The other side closed with a code of its own.
        case application
        /// The connection to the relay broke.
        case lost
        case frameTooLarge = "frame_too_large"
        case timedOut = "timed_out"
        case cancelled
        /// By this side.
        case closed
    }

    public var cause: Cause
    /// The close code, where the relay gave one.
    public var code: UInt16?
    /// What the relay or the other side said: not to be believed, and not to be acted on.
    public var said: String

    public init(_ cause: Cause, code: UInt16? = nil, said: String = "") {
        self.cause = cause
        self.code = code
        self.said = said
    }

    /// Whether the same may well be done again in a moment.
    public var isRetryable: Bool {
        switch cause {
        case .deviceSilent, .tooManyLinks, .relayFull, .rateLimited, .unreachable, .draining, .peerLost, .lost,
            .timedOut:
            true
        default: false
        }
    }

    /// What happened, and what to do.
    public var message: String {
        switch cause {
        case .deviceOffline: "the device is not connected to that relay: start kin there, then try again"
        case .deviceSilent: "the device did not answer in time: it may have just lost its network; try again"
        case .tooManyLinks: "the device, or this network, has as many links as it may: end one, then try again"
        case .linksRefused: "the device has as many links as it takes: end one, then try again"
        case .sessionGone: "nobody waits for this link any more"
        case .roomTaken: "two others are in this pairing room: begin again with a new code"
        case .roomExpired: "the pairing room's time is over: begin again with a new code"
        case .relayFull: "the relay has no room left: try again later, or use another server"
        case .tooManyRooms: "too many pairings are open from this network: end one, then try again"
        case .rateLimited: "too many connections in a second: wait a moment, then try again"
        case .relayTooOld: "that server knows no links: update it"
        case .relayRefused: "the relay refused\(said.isEmpty ? "" : ": \(said)")"
        case .unreachable: "the relay cannot be reached\(said.isEmpty ? "" : ": \(said)")"
        case .draining: "the server is being restarted: try again in a moment"
        case .peerClosed: "the other side closed the link"
        case .peerLost: "the other side's connection broke"
        case .peerSlow: "the other side did not take what it was sent"
        case .slowConsumer: "this side did not take what it was sent"
        case .application: "the other side ended the link\(said.isEmpty ? "" : " (\(said))")"
        case .lost: "the connection to the relay broke"
        case .frameTooLarge: "a frame is at most \(LinkFrame.maxBytes) bytes"
        case .timedOut: "nothing came in time"
        case .cancelled: "it was cancelled"
        case .closed: "the link was closed here"
        }
    }

    public var description: String { "\(cause.rawValue): \(message)" }
}

extension LinkEnd {
    /// The end of an open carrier.
    init(_ closure: WebSocketClosure) {
        switch closure.origin {
        case .lost: self.init(closure.code == 1009 ? .frameTooLarge : .lost, code: closure.code, said: closure.reason)
        case .local: self.init(closure.code == 4008 ? .peerSlow : .closed, code: closure.code, said: closure.reason)
        case .peer: self.init(Self.cause(of: closure.code), code: closure.code, said: closure.reason)
        }
    }

    private static func cause(of code: UInt16?) -> Cause {
        guard let code else { return .lost }
        switch LinkClose(rawValue: code) {
        case .goingAway: return .draining
        case .relayFull: return .relayFull
        case .slowConsumer: return .slowConsumer
        case .deviceOffline: return .deviceOffline
        case .peerClosed: return .peerClosed
        case .peerLost: return .peerLost
        case .peerSlow: return .peerSlow
        case .deviceSilent: return .deviceSilent
        case .roomTaken: return .roomTaken
        case .sessionGone: return .sessionGone
        case .roomExpired: return .roomExpired
        case .tooManyLinks: return .tooManyLinks
        case .linksRefused: return .linksRefused
        case .binaryExpected: return .relayRefused
        case nil:
            if LinkClose.applicationCodes.contains(code) { return .application }
            return code == 1009 ? .frameTooLarge : .lost
        }
    }

    /// Why none could be opened.
    init(_ error: WebSocketError) {
        guard let refusal = error.refusal else {
            let cause: Cause =
                switch error.code {
                case "timed_out": .timedOut
                case "cancelled": .cancelled
                default: .unreachable
                }
            self.init(cause, said: error.message)
            return
        }
        let answer = RelayAnswer(refusal.body)
        let cause: Cause =
            switch (refusal.status, answer.code) {
            case (429, "too_many_rooms"): .tooManyRooms
            case (429, "too_many_links"): .tooManyLinks
            case (429, _): .rateLimited
            case (503, _): .relayFull
            case (404, _): .relayTooOld
            default: .relayRefused
            }
        self.init(cause, said: answer.message ?? refusal.body)
    }
}
