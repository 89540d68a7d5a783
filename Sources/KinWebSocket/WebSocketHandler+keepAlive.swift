import NIOCore

extension WebSocketHandler {
    func scheduleKeepAlive() {
        guard let context else { return }
        let eventLoop = context.eventLoop.assumeIsolated()
        keepAliveTimer = eventLoop.scheduleTask(deadline: keepAlive.nextWake) { self.wakeKeepAlive() }
    }

    /// A ping beside those of the keep-alive.
    func ping() {
        guard case .open = phase, let context else { return }
        writeControl(.ping, ByteBuffer(), in: context)
        context.flush()
    }

    private func wakeKeepAlive() {
        guard case .open = phase, let context else { return }
        let now = context.eventLoop.now
        // Silence is this side's doing while it does not read.
        if isReadingHeld { keepAlive.heard(at: now) }
        switch keepAlive.wake(at: now) {
        case .dead:
            let seconds = Double(limits.deadAfter.nanoseconds) / 1e9
            return abandon("nothing was heard from the peer for \(seconds) s")
        case .ping:
            writeControl(.ping, ByteBuffer(), in: context)
            context.flush()
        case .wait:
            break
        }
        scheduleKeepAlive()
    }
}
