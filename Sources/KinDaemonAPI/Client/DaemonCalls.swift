import AsyncHTTPClient
public import KinCalls
import KinWire
import NIOCore

/// The media type of a call stream.
public enum CallMedia {
    public static let type = "application/octet-stream"
}

extension ByteBuffer {
    /// A frame as it goes onto a call stream: led by its length.
    package init(callFrame: [UInt8]) {
        self.init()
        reserveCapacity(4 + callFrame.count)
        writeInteger(UInt32(callFrame.count))
        writeBytes(callFrame)
    }
}

/// Calls through the daemon, on it and on other devices: `/kiosk/term/open`.
public final class DaemonCalls: Sendable {
    public let stream: CallStream
    private let queue: FrameQueue
    private let reading: Task<Void, Never>

    fileprivate init(_ queue: FrameQueue, _ stream: CallStream, _ body: HTTPClientResponse.Body) {
        self.queue = queue
        self.stream = stream
        reading = Task {
            await stream.read(body.map(\.readableBytesView), ending: .daemonEnded)
            queue.finish(.daemonEnded)
        }
    }

    /// Ends the stream and every call on it.
    public func close() {
        queue.finish(.daemonEnded)
        stream.end(.daemonEnded)
        reading.cancel()
    }

    deinit { reading.cancel() }
}

extension CallFault {
    fileprivate static let daemonEnded = CallFault(
        .unavailable, "the daemon ended, or its connection did: start it with  kin up , and try again")
}

/// Answers nothing: programs that only call.
private struct NothingAnswered: CallResponder {
    func respond(to call: IncomingCall) async throws {
        throw CallFault(.notFound, "this program answers no calls")
    }
}

extension DaemonClient {
    /// Opens a call stream.
    /// - Parameters:
    ///   - limit: how long a daemon may take to begin its answer; the stream itself lasts.
    ///   - now: milliseconds.
    /// - Throws: `daemon_not_running`, also of one that does not answer; `too_many_streams`.
    public func calls(
        within limit: TimeAmount = .seconds(10), now: @escaping @Sendable () -> Int64
    ) async throws -> DaemonCalls {
        let queue = FrameQueue()
        let stream = CallStream(queue, with: .local, answering: NothingAnswered(), now: now)
        let body = try await upload(
            "/v1/calls", contentType: CallMedia.type,
            AsyncStream<ByteBuffer> { await queue.next().map { ByteBuffer(callFrame: $0) } }, within: limit)
        return DaemonCalls(queue, stream, body)
    }
}
