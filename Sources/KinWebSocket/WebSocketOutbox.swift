import NIOCore

/// What `send` accepted and the event loop has not encoded yet; shared by all threads behind a lock.
struct WebSocketOutbox {
    enum Item {
        case message(WebSocketMessage)
        /// Goes out after the messages accepted before it; nothing is accepted after it.
        case close(code: UInt16, reason: String)
    }

    private let isMasking: Bool
    private var items: [Item] = []
    private var itemBytes = 0
    private var bytesInFlight = 0
    private var isDrainDue = false
    /// Whether a close was asked for or the connection has ended.
    private(set) var isClosed = false

    init(role: WebSocketRole) {
        self.isMasking = role == .client
    }

    /// Bytes of data frames, headers included, accepted and not yet taken by the kernel.
    var bufferedBytes: Int { itemBytes + bytesInFlight }

    /// Accepts messages, or drops them once closed.
    ///
    /// - Returns: whether the caller has to see to it that the event loop drains the outbox.
    mutating func append(_ messages: some Sequence<WebSocketMessage>) -> Bool {
        guard !isClosed else { return false }
        for message in messages {
            let length = message.byteCount
            itemBytes += length + ByteBuffer.webSocketHeaderSize(payload: length, isMasked: isMasking)
            items.append(.message(message))
        }
        return markDrainDue()
    }

    mutating func appendClose(code: UInt16, reason: String) -> Bool {
        guard !isClosed else { return false }
        isClosed = true
        items.append(.close(code: code, reason: reason))
        return markDrainDue()
    }

    /// Hands over everything accepted, oldest first, and its size in bytes.
    mutating func take() -> (items: [Item], bytes: Int) {
        defer {
            items = []
            bytesInFlight += itemBytes
            itemBytes = 0
            isDrainDue = false
        }
        return (items, itemBytes)
    }

    /// The kernel took bytes that `take()` handed over.
    mutating func written(_ bytes: Int) {
        bytesInFlight = max(0, bytesInFlight - bytes)
    }

    /// Accepts nothing more and forgets what was not handed over.
    mutating func end() {
        isClosed = true
        items = []
        itemBytes = 0
    }

    private mutating func markDrainDue() -> Bool {
        guard !isDrainDue, !items.isEmpty else { return false }
        isDrainDue = true
        return true
    }
}
