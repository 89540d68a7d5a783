import Hummingbird
import KinCalls
import KinDaemonAPI
import KinWire
import NIOCore
import Synchronization

/// Call streams of programs on this machine: `POST /v1/calls`.
final class LocalCalls: Sendable {
    /// At one time.
    static let maxStreams = 64
    static let path = "/v1/calls"

    private let router: CallRouter
    /// Milliseconds.
    private let now: @Sendable () -> Int64
    private let count = Mutex(0)

    /// A stream that is open; it is no more once nobody holds this.
    private final class Place: Sendable {
        private let calls: LocalCalls

        init(_ calls: LocalCalls) { self.calls = calls }

        deinit { calls.count.withLock { $0 -= 1 } }
    }

    init(router: CallRouter, now: @escaping @Sendable () -> Int64) {
        self.router = router
        self.now = now
    }

    /// One stream: it ends with the request's body, or with the connection.
    /// - Throws: `too_many_streams`.
    func stream(_ request: Request) throws -> Response {
        let place = try place()
        return Response(
            status: .ok, headers: [.contentType: CallMedia.type, .cacheControl: "no-store"],
            body: ResponseBody { [self] writer in
                defer { withExtendedLifetime(place) {} }
                try await carry(request.body, &writer)
                try await writer.finish(nil)
            })
    }

    private func place() throws -> Place {
        let isTaken = count.withLock { count in
            guard count < Self.maxStreams else { return false }
            count += 1
            return true
        }
        guard isTaken else {
            throw KinError(
                "too_many_streams", "at most \(Self.maxStreams) call streams are open at once: close one",
                category: .busy, retryable: true)
        }
        return Place(self)
    }

    private func carry(_ body: RequestBody, _ writer: inout any ResponseBodyWriter) async throws {
        let queue = FrameQueue()
        let stream = CallStream(queue, with: .local, answering: router, now: now)
        let reading = Task {
            await stream.read(body.map(\.readableBytesView), ending: .streamEnded)
            // Whoever stops asking waits for nothing.
            queue.finish(.streamEnded)
        }
        defer {
            reading.cancel()
            stream.end(.streamEnded)
        }
        while let frame = await queue.next() { try await writer.write(ByteBuffer(callFrame: frame)) }
    }
}

extension CallFault {
    fileprivate static let streamEnded = CallFault(.unavailable, "the call stream has ended")
}

extension DaemonRoutes {
    static let callRoutes: [LocalRoute] = [
        .post(
            LocalCalls.path, "calls",
            "Calls on this device and others: frames of calls in both directions, for as long as the body goes on",
            body: .init(schema: .text, isRequired: true, mediaType: CallMedia.type),
            answers: [
                .init(
                    status: 200, note: "The other side's frames, each led by its length.", mediaType: CallMedia.type,
                    schema: .text)
            ], errors: [429: ["too_many_streams"]], access: .socketOnly
        ) { routes, request in try routes.calls.stream(request.request) }
    ]
}
