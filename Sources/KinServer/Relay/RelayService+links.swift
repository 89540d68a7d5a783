import KinRelay
import KinWebSocket
import KinWire
import Logging

extension RelayService {
    /// Why nobody there begins a link now.
    func linkRefusal(from address: String) -> RelayRefusal? {
        counted(state.withLock { $0.relay.linkRefusal(from: address) })
    }

    /// Why nobody gets into this room now.
    func refusal(of room: RoomID, from address: String) -> RelayRefusal? {
        counted(state.withLock { $0.relay.refusal(of: room, from: address) })
    }

    /// Finds the other end of a socket, or has its device told of it.
    func opened(_ socket: SpliceSocket) {
        let time = now()
        let (outcome, other, control) = state.withLock { $0.open(socket, now: time) }
        switch outcome {
        case .attach(_, let session):
            let message = RelayMessage.attach(session: session.bytes).canonicalBytes()
            control?.send(.text(String(decoding: message, as: UTF8.self)))
            logger.info("attached", metadata: facts(socket))
        case .met:
            guard let other else { return socket.end(.peerLost) }
            metrics.spliced[socket.purpose.kind].add()
            socket.join(other)
            other.join(socket)
        case .waiting: return
        case .refused(let why): refuse(socket, why)
        }
    }

    /// There will be no other end.
    func refuse(_ socket: SpliceSocket, _ why: LinkClose) {
        metrics.linkRefusals[why.reason].add()
        logger.info("link_refused", metadata: facts(socket).merging(["code": .string(why.reason)]) { $1 })
        socket.end(why)
    }

    /// A socket is gone; the other end of it goes too, and is told why.
    func ended(_ socket: SpliceSocket, _ closure: WebSocketClosure) {
        let other = state.withLock { state -> SpliceSocket? in
            guard let id = state.ids.removeValue(forKey: ObjectIdentifier(socket)) else { return nil }
            state.sockets[id] = nil
            return state.relay.end(id).flatMap { state.sockets[$0] }
        }
        guard let other else { return }
        let why = Self.why(closure)
        metrics.linkEnds[why?.reason ?? "application"].add()
        if let why { return other.end(why) }
        other.close(code: closure.code ?? LinkClose.peerClosed.rawValue, reason: Self.word(closure.reason))
    }

    /// What one end said cannot be kept for the other any more: a part of it would be missing.
    func overrun(_ socket: SpliceSocket) {
        let (other, isNews) = state.withLock { state -> (SpliceSocket?, Bool) in
            guard let id = state.ids.removeValue(forKey: ObjectIdentifier(socket)) else { return (nil, false) }
            state.sockets[id] = nil
            return (state.relay.end(id).flatMap { state.sockets[$0] }, true)
        }
        guard isNews else { return }
        metrics.linkEnds["overrun"].add()
        socket.end(.peerSlow)
        other?.end(.peerLost)
    }

    /// Bytes went from one end to the other.
    func moved(_ bytes: Int, _ purpose: SplicePurpose) { metrics.splicedBytes[purpose.kind].add(bytes) }

    /// - Returns: nil where the one end closed with a code of its own, which the other is to hear.
    private static func why(_ closure: WebSocketClosure) -> LinkClose? {
        switch closure.origin {
        case .peer:
            closure.code.map { LinkClose.applicationCodes.contains($0) } == true ? nil : .peerClosed
        case .local: closure.code == LinkClose.slowConsumer.rawValue ? .peerSlow : .peerLost
        case .lost: .peerLost
        }
    }

    /// A reason that one end gives and the other is shown: a word, or nothing.
    private static func word(_ reason: String) -> String {
        let isWord = reason.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
        return isWord && reason.utf8.count <= 64 ? reason : ""
    }

    private func counted(_ outcome: ConnectOutcome?) -> RelayRefusal? {
        guard case .refused(let status, let code, let message)? = outcome else { return nil }
        metrics.linkRefusals[code].add()
        logger.info("link_refused", metadata: ["code": .string(code)])
        return RelayRefusal(status: status, code: code, message: message)
    }

    private func facts(_ socket: SpliceSocket) -> Logger.Metadata {
        guard case .link(.toDevice(let slot), _) = socket.purpose else { return ["kind": .string(socket.purpose.kind)] }
        return ["device": Self.short(slot.machine)]
    }
}

extension SplicePurpose {
    /// For counters.
    var kind: String {
        switch self {
        case .link: "link"
        case .room: "pair"
        }
    }
}

extension RelayService.State {
    /// What becomes of a socket, the other end where there is one, and the control connection of the device that is to be told.
    mutating func open(
        _ socket: SpliceSocket, now: Int64
    ) -> (outcome: RelayState.Opening, other: SpliceSocket?, control: WebSocketConnection?) {
        let id = nextConnection()
        let outcome: RelayState.Opening
        switch socket.purpose {
        case .link(let request, let address):
            let session = LinkSession(using: &generator)
            outcome = relay.begin(request, connection: id, from: address, session: session, now: now)
        case .room(let room, let address):
            outcome = relay.enter(room, connection: id, from: address, now: now)
        }
        if case .refused = outcome { return (outcome, nil, nil) }
        sockets[id] = socket
        ids[ObjectIdentifier(socket)] = id
        switch outcome {
        case .met(let other): return (outcome, sockets[other], nil)
        case .attach(let control, _): return (outcome, nil, connections[control])
        case .waiting, .refused: return (outcome, nil, nil)
        }
    }
}
