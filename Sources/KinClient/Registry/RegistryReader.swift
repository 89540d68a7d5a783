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

    /// - Throws: `relay_unreachable` or `relay_answer`, naming the server.
    public func entries(at server: ServerAddress, within deadline: TimeAmount = .seconds(5)) async throws
        -> [RegistryEntry]
    {
        let request = HTTPClientRequest(url: "\(server.origin)/registry?wallet=\(routeID)")
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
        guard response.status == .ok, let entries = try? RegistryEntry.list(json: Array(body.readableBytesView)) else {
            throw KinError("relay_answer", "\(server) answered \(response.status.code): is it a kin server?")
        }
        return entries
    }
}
