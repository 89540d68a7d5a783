import KinClient
import KinLink

extension LinkEnding {
    static let reasons =
        ["unused", "by_peer", "not_continued", "not_a_member"]
        + [
            LinkFault.doesNotOpen, .malformed, .keyMismatch, .superseded, .wrongDevice, .clockDiffers, .lost,
            .frameTooLarge, .busy, .positionInvalid,
        ].map(\.code) + ["chain_refused"] + LinkFault.told

    var reason: String {
        switch self {
        case .unused: "unused"
        case .byPeer: "by_peer"
        case .notContinued: "not_continued"
        case .notAMember: "not_a_member"
        case .fault(let fault): fault.reason
        }
    }
}

/// Why a device was not reached.
enum DialRefusal {
    static let reasons =
        [
            LinkEnd.Cause.deviceOffline, .deviceSilent, .tooManyLinks, .linksRefused, .relayFull, .rateLimited,
            .relayTooOld, .relayRefused, .unreachable, .draining, .peerClosed, .peerLost, .peerSlow, .lost, .timedOut,
        ].map(\.rawValue)
        + [
            LinkFault.doesNotOpen, .malformed, .keyMismatch, .superseded, .wrongDevice, .clockDiffers,
        ].map(\.code) + ["chain_refused"] + LinkFault.told

    static func reason(_ error: any Error) -> String {
        switch error {
        case let fault as LinkFault: fault.reason
        case let end as LinkEnd: end.cause.rawValue
        default: "other"
        }
    }
}

extension LinkFault {
    /// What the other side says of this one, as the handshake lets it (docs/protocol/links.md, "Answer").
    fileprivate static let told = [
        "told_certificate_superseded", "told_clock_differs", "told_member_revoked", "told_issuer_revoked",
    ]

    fileprivate var reason: String {
        switch self {
        case .refused(let code): "told_\(code)"
        case .chain: "chain_refused"
        default: code
        }
    }
}
