import HTTPTypes
import Hummingbird
import KinRelay
import KinWire
import NIOCore

/// `GET /registry?wallet=<route id>`: what the family's devices show, or that it is what the reader has (RFC 9110 §13.1.2).
struct RegistryRoute: Sendable {
    /// Up to here an answer is part of what a connection takes.
    private static let smallBytes = 32_768

    let relay: RelayService

    func answer(_ request: Request, _ context: ServerContext) -> Response {
        guard let route = request.uri.queryParameters["wallet"].map(String.init), RegistrationRequest.isRoute(route)
        else {
            return ServerAnswer.failure(.badRequest, "invalid_registration", "wallet must be base58 of 32 bytes")
        }
        let reading = relay.reading(of: route, known: Self.tags(request.headers[values: .ifNoneMatch]))
        guard let entries = reading.entries else {
            return Response(status: .notModified, headers: [.eTag: reading.tag])
        }
        var response = list(entries, context)
        if response.status == .ok { response.headers[.eTag] = reading.tag }
        return response
    }

    private func list(_ entries: [RegistryEntry], _ context: ServerContext) -> Response {
        let count = RegistryEntry.canonicalCount(of: entries)
        guard count > Self.smallBytes else { return ServerAnswer.bytes(RegistryEntry.canonicalBytes(of: entries)) }
        guard let place = relay.answerPlace(count, to: context.remoteAddress) else {
            return ServerAnswer.failure(
                RequestRefusal(
                    .serviceUnavailable, "relay_full", "the relay has no memory left: try again later",
                    isRetryable: true))
        }
        let channel = context.channel
        return Response(
            status: .ok, headers: [.contentType: "application/json"],
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

    /// The entity tags of a list; whether one is weak is all the same where nothing changes but as a whole.
    static func tags(_ fields: [String]) -> Set<String> {
        Set(
            fields.joined(separator: ",").split(separator: ",").prefix(16).map { field in
                let tag = field.drop { $0 == " " }.prefix { $0 != " " }
                return String(tag.hasPrefix("W/") ? tag.dropFirst(2) : tag)
            })
    }
}
