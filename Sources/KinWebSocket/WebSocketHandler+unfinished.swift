import NIOCore

extension WebSocketHandler {
    /// After each read: times a message that is not whole, and tells the delegate how much of it is held.
    func weighUnfinished() {
        guard case .open = phase, let context else { return }
        let bytes = intake.heldBytes + (assembler.unfinishedBytes ?? 0)
        if bytes == 0, assembler.unfinishedBytes == nil {
            unfinishedSince = nil
        } else if unfinishedSince == nil || hasFinishedMessage {
            unfinishedSince = context.eventLoop.now
            if unfinishedTimer == nil { watchUnfinished() }
        }
        hasFinishedMessage = false
        guard bytes != toldUnfinishedBytes, let audience else { return }
        toldUnfinishedBytes = bytes
        audience.delegate.webSocket(audience.connection, holds: bytes)
    }

    /// What did not come while this side did not read was not the peer's doing.
    func restartUnfinished() {
        if unfinishedSince != nil { unfinishedSince = context?.eventLoop.now }
    }

    /// One timer, set anew when it fires: a link in full flow has an unfinished message at the end of nearly every read.
    private func watchUnfinished() {
        guard let limit = limits.messageWithin, let since = unfinishedSince, let context else { return }
        let eventLoop = context.eventLoop.assumeIsolated()
        unfinishedTimer = eventLoop.scheduleTask(deadline: since + limit) { [self] in
            unfinishedTimer = nil
            guard case .open = phase, let since = unfinishedSince else { return }
            if isReadingHeld { restartUnfinished() }
            guard !isReadingHeld, context.eventLoop.now >= since + limit else { return watchUnfinished() }
            let code = WebSocketCloseCode.policyViolation
            startClosing(.init(code: code, reason: "message_unfinished", origin: .local))
        }
    }
}
