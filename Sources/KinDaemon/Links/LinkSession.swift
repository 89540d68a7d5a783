import KinCalls
import KinClient
import KinIdentity
import KinLink
import KinWire

/// A link with another device, and the calls on it.
final class LinkSession: Sendable {
    let id: LinkID
    let peer: VerifiedMember
    let link: CarriedLink
    /// In both directions.
    let calls: CallStream

    /// - Parameters:
    ///   - responder: answers what the other device calls on it.
    ///   - patience: of its `CarriedLink`.
    ///   - now: milliseconds.
    init(
        _ link: consuming Link, answering responder: any CallResponder, patience: Duration = .seconds(30),
        now: @escaping @Sendable () -> Int64
    ) {
        let (peer, queue) = (link.peer, FrameQueue())
        let caller = Caller.device(
            member: peer.member, machineID: peer.machineID, role: peer.role, scopes: peer.chain.certificate.scopes)
        let calls = CallStream(queue, with: caller, answering: responder, now: now)
        id = link.id
        self.peer = peer
        self.calls = calls
        self.link = CarriedLink(link, sending: queue, patience: patience, now: now) { frame throws(WireError) in
            try calls.receive(frame)
        }
    }

    /// It is over for good: calls on it fail.
    func end(_ fault: CallFault) {
        link.end(fault)
        calls.end(fault)
    }
}
