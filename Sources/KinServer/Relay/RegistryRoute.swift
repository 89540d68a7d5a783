import HTTPTypes
import Hummingbird
import KinRelay
import KinWire
import NIOCore

/// `GET /registry?wallet=<route id>`: what the family's devices show, or that it is what the reader has (RFC 9110 §13.1.2).
struct RegistryRoute: Sendable {
    let relay: RelayService

    func answer(_ request: Request) -> Response {
        guard let route = request.uri.queryParameters["wallet"].map(String.init), RegistrationRequest.isRoute(route)
        else {
            return ServerAnswer.failure(.badRequest, "invalid_registration", "wallet must be base58 of 32 bytes")
        }
        let reading = relay.reading(of: route, known: Self.tags(request.headers[values: .ifNoneMatch]))
        guard let entries = reading.entries else {
            return Response(status: .notModified, headers: [.eTag: reading.tag])
        }
        var response = ServerAnswer.bytes(RegistryEntry.canonicalBytes(of: entries))
        response.headers[.eTag] = reading.tag
        return response
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
