import NIOCore

extension WebSocketHandler {
    /// Compares what the peer has not taken with the limit: tells the delegate, and times a slow reader.
    func weighBacklog() {
        guard case .open = phase else { return }
        let buffered = outbox.withLockedValue { $0.bufferedBytes }
        if buffered > limits.maxBufferedBytes {
            startSlowReaderTimer()
            setWritable(false)
        } else {
            slowReaderTimer?.cancel()
            slowReaderTimer = nil
            if buffered <= limits.maxBufferedBytes / 2 { setWritable(true) }
        }
    }

    func holdReading(_ isHeld: Bool) {
        isReadingHeldByOwner = isHeld
        if !isReadingHeld { restartUnfinished() }
        releaseRead()
    }

    func read(context: ChannelHandlerContext) {
        isReadOutstanding = true
        releaseRead()
    }

    /// Lets an outstanding read through to the socket unless reading is held.
    func releaseRead() {
        guard isReadOutstanding, !isReadingHeld, let context else { return }
        isReadOutstanding = false
        context.read()
    }

    /// A server reads nothing from a peer that does not take its answers, so that such a peer cannot make it
    /// buffer without end. A client always reads: otherwise two full ends could wait for each other.
    var isReadingHeld: Bool {
        guard case .open = phase else { return false }
        return isReadingHeldByOwner || (role == .server && !isWritable)
    }

    private func setWritable(_ value: Bool) {
        guard isWritable != value else { return }
        isWritable = value
        if !isReadingHeld { restartUnfinished() }
        releaseRead()
        guard let audience else { return }
        audience.delegate.webSocket(audience.connection, becameWritable: value)
    }

    private func startSlowReaderTimer() {
        guard slowReaderTimer == nil, let context else { return }
        let eventLoop = context.eventLoop.assumeIsolated()
        slowReaderTimer = eventLoop.scheduleTask(in: limits.slowReaderAfter) {
            self.slowReaderTimer = nil
            self.startClosing(.init(code: WebSocketCloseCode.slowConsumer, reason: "slow_consumer", origin: .local))
        }
    }
}
