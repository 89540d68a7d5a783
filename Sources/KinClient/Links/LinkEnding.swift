public import KinLink

/// Why a link is over: a few words of this program's own, whatever the other device wrote.
public enum LinkEnding: Hashable, Sendable {
    /// By this side, in order: nobody called on it any more.
    case unused
    /// By the other side, in order.
    case byPeer
    /// It was cut, and could not be continued in time.
    case notContinued
    case notAMember
    case fault(LinkFault)
}
