public import AsyncHTTPClient
import KinIdentity
import KinWire
import NIOCore

/// Reads a family's sealed records from a relay.
public struct RegistryReader: Sendable {
    private let http: HTTPClient
    private let routeID: String

    public init(http: HTTPClient, routeID: String) {
        self.http = http
        self.routeID = routeID
    }

    /// What a relay shows now.
    public enum Answer: Hashable, Sendable {
        /// The same as when it gave that version.
        case unchanged
        /// - Parameter version: nil: the relay has none.
        case entries([RegistryEntry], RegistryVersion?)
    }

    /// Reads everything.
    /// - Throws: `relay_unreachable` or `relay_answer`, naming the server.
    public func entries(at server: ServerAddress, within deadline: TimeAmount = .seconds(5)) async throws
        -> [RegistryEntry]
    {
        guard case .entries(let entries, _) = try await read(server, within: deadline) else {
            throw KinError("relay_answer", "\(server) answered 304 to a question that allows none: is it a kin server?")
        }
        return entries
    }

    /// Reads what changed since a version, where anything did.
    /// - Parameter known: what the same server gave before; nil reads everything.
    /// - Throws: `relay_unreachable` or `relay_answer`, naming the server.
    public func read(
        _ server: ServerAddress, since known: RegistryVersion? = nil, within deadline: TimeAmount = .seconds(5)
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "\(server.origin)/registry?wallet=\(routeID)")
        if let known { request.headers.add(name: "If-None-Match", value: known.tag) }
        let response: HTTPClientResponse
        let body: ByteBuffer
        do {
            response = try await http.execute(request, timeout: deadline)
            body = try await response.body.collect(upTo: 16 << 20)
        } catch {
            throw KinError(
                "relay_unreachable", "\(server) does not answer: offline devices are shown as last seen",
                category: .unreachable, retryable: true)
        }
        if response.status == .notModified, known != nil { return .unchanged }
        guard response.status == .ok, let entries = try? RegistryEntry.list(json: Array(body.readableBytesView)) else {
            throw KinError("relay_answer", "\(server) answered \(response.status.code): is it a kin server?")
        }
        return .entries(entries, RegistryVersion(response.headers.first(name: "ETag")))
    }
}

/// The version of what a relay shows of a family: an entity tag (RFC 9110 §8.8.3), which means nothing elsewhere.
public struct RegistryVersion: Hashable, Sendable {
    let tag: String

    /// - Parameter tag: nil, or what is no tag of reasonable length, gives none.
    init?(_ tag: String?) {
        guard let tag, (3...128).contains(tag.utf8.count), tag.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            tag.hasSuffix("\""), tag.hasPrefix("\"") || tag.hasPrefix("W/\"")
        else { return nil }
        self.tag = tag
    }
}
