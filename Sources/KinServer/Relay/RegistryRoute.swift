import HTTPTypes
import Hummingbird
import KinMetrics
import KinRelay
import KinWire
import NIOCore

/// `GET /registry?wallet=<route id>`: what the family's devices show, or that it is what the reader has (RFC 9110 §13.1.2).
struct RegistryRoute: Sendable {
    /// Up to here an answer is part of what a connection takes.
    private static let smallBytes = 32_768

    private static let plainAddress = "/registry?wallet="

    let relay: RelayService
    /// Counts what is answered before the router, which counts the rest.
    let requests: RequestMetrics.Route

    private enum Listing {
        case short(ImmediateAnswer)
        /// The answer's length in bytes.
        case long([RegistryEntry], count: Int, tag: String)
    }

    /// On the event loop: short answers to whoever asks plainly. All others are the router's.
    func immediate(_ request: HTTPRequest) -> ImmediateAnswer? {
        let started = ContinuousClock.now
        guard request.method == .get, let route = request.path.flatMap(Self.plainRoute),
            case .short(let answer) = listing(of: route, for: request.headerFields)
        else { return nil }
        requests.answered(status: answer.status.code, in: ContinuousClock.now - started)
        return answer
    }

    func answer(_ request: Request, _ context: ServerContext) -> Response {
        guard let route = request.uri.queryParameters["wallet"].map(String.init),
            let listing = listing(of: route, for: request.headers)
        else {
            return ServerAnswer.failure(.badRequest, "invalid_registration", "wallet must be base58 of 32 bytes")
        }
        switch listing {
        case .short(let answer):
            return Response(status: answer.status, headers: answer.headers, body: .init(byteBuffer: answer.body))
        case .long(let entries, let count, let tag): return stream(entries, count, tag, context)
        }
    }

    /// - Returns: nil for what is no route id.
    private func listing(of route: String, for headers: HTTPFields) -> Listing? {
        guard let (tag, entries) = relay.reading(of: route, known: Self.tags(headers[values: .ifNoneMatch])) else {
            return nil
        }
        guard let entries else { return .short(ImmediateAnswer(status: .notModified, headers: [.eTag: tag])) }
        let count = RegistryEntry.canonicalCount(of: entries)
        guard count <= Self.smallBytes else { return .long(entries, count: count, tag: tag) }
        let body = ByteBuffer(bytes: RegistryEntry.canonicalBytes(of: entries))
        return .short(ImmediateAnswer(status: .ok, headers: Self.headers(tag), body: body))
    }

    private func stream(_ entries: [RegistryEntry], _ count: Int, _ tag: String, _ context: ServerContext) -> Response {
        guard let place = relay.answerPlace(count, to: context.remoteAddress) else {
            return ServerAnswer.failure(
                RequestRefusal(
                    .serviceUnavailable, "relay_full", "the relay has no memory left: try again later",
                    isRetryable: true))
        }
        let channel = context.channel
        return Response(
            status: .ok, headers: Self.headers(tag),
            body: ResponseBody(contentLength: count) { writer in
                // One by one: no more of it is made than is taken.
                for (index, entry) in entries.enumerated() {
                    var bytes = ByteBuffer(string: index == 0 ? "[" : ",")
                    bytes.writeBytes(entry.canonicalBytes())
                    if index == entries.count - 1 { bytes.writeString("]") }
                    try await writer.write(bytes)
                }
                try await writer.finish(nil)
                place.keep(on: channel)
            })
    }

    private static func headers(_ tag: String) -> HTTPFields { [.contentType: "application/json", .eTag: tag] }

    /// Whatever is escaped in it, or follows it, makes it no route id.
    private static func plainRoute(in path: String) -> String? {
        path.utf8.starts(with: plainAddress.utf8) ? String(path.utf8.dropFirst(plainAddress.utf8.count)) : nil
    }

    /// The entity tags of a list; whether one is weak is all the same where nothing changes but as a whole.
    static func tags(_ fields: [String]) -> Set<String> {
        Set(
            fields.joined(separator: ",").split(separator: ",").prefix(16).map { field in
                let tag = field.drop { $0 == " " }.prefix { $0 != " " }
                return String(tag.hasPrefix("W/") ? tag.dropFirst(2) : tag)
            })
    }
}
