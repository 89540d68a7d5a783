public import KinWebSocket
public import NIOCore

/// Writes down everything it is told; can act on each message.
public final class RecordingDelegate: WebSocketDelegate {
    public struct Heard: Sendable {
        public var messages: [WebSocketMessage] = []
        /// How many messages each completed read brought.
        public var reads: [Int] = []
        public var writable: [Bool] = []
        public var closures: [WebSocketClosure] = []
        public var pongs = 0
        /// Bytes of unfinished messages.
        public var unfinished: [Int] = []

        public var texts: [String] {
            messages.compactMap { if case .text(let text) = $0 { text } else { nil } }
        }
    }

    public let heard = Observed(Heard())
    private let onMessage: @Sendable (WebSocketConnection, WebSocketMessage) -> Void

    public init(onMessage: @escaping @Sendable (WebSocketConnection, WebSocketMessage) -> Void = { _, _ in }) {
        self.onMessage = onMessage
    }

    public static func echo() -> RecordingDelegate {
        RecordingDelegate { $0.send($1) }
    }

    public func webSocket(_ connection: WebSocketConnection, received message: WebSocketMessage) {
        heard.update { $0.messages.append(message) }
        onMessage(connection, message)
    }

    public func webSocketDidCompleteRead(_ connection: WebSocketConnection) {
        heard.update { $0.reads.append($0.messages.count - $0.reads.reduce(0, +)) }
    }

    public func webSocketHeardPong(_ connection: WebSocketConnection) { heard.update { $0.pongs += 1 } }

    public func webSocket(_ connection: WebSocketConnection, holds unfinishedBytes: Int) {
        heard.update { $0.unfinished.append(unfinishedBytes) }
    }

    public func webSocket(_ connection: WebSocketConnection, becameWritable isWritable: Bool) {
        heard.update { $0.writable.append(isWritable) }
    }

    public func webSocket(_ connection: WebSocketConnection, closed closure: WebSocketClosure) {
        heard.update { $0.closures.append(closure) }
    }

    /// The closure, waited for.
    public func closure(within limit: TimeAmount = .seconds(20)) async throws -> WebSocketClosure? {
        try await heard.wait(within: limit) { !$0.closures.isEmpty }.closures.first
    }
}
