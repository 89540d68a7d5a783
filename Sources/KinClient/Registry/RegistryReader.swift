public import AsyncHTTPClient
import KinIdentity
import KinWire
import NIOCore

/// Reads a family's sealed records from a relay.
public struct RegistryReader: Sendable {
    private let http: HTTPClient
    private let routes: [String]

    /// - Parameter routes: the names under which the family's devices register. What the first shows of a machine counts, not what later ones do.
    public init(http: HTTPClient, routes: [String]) {
        self.http = http
        self.routes = routes
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
        var pages: [Page?] = []
        for (index, route) in routes.enumerated() {
            pages.append(try await page(server, route, since: known?.tags[index], within: deadline))
        }
        if pages.allSatisfy({ $0 == nil }) { return .unchanged }
        for (index, page) in pages.enumerated() where page == nil {
            pages[index] = try await self.page(server, routes[index], since: nil, within: deadline)
        }
        return Self.merged(pages.compactMap { $0 })
    }

    private struct Page {
        var entries: [RegistryEntry]
        var tag: String?
    }

    private static func merged(_ pages: [Page]) -> Answer {
        var entries: [RegistryEntry] = []
        for page in pages {
            let known = Set(entries.map(\.machineID))
            entries += page.entries.filter { !known.contains($0.machineID) }
        }
        return .entries(entries, RegistryVersion(pages.map(\.tag)))
    }

    /// - Returns: nil where nothing changed since `tag`.
    private func page(
        _ server: ServerAddress, _ route: String, since tag: String?, within deadline: TimeAmount
    ) async throws -> Page? {
        var request = HTTPClientRequest(url: "\(server.origin)/registry?wallet=\(route)")
        if let tag { request.headers.add(name: "If-None-Match", value: tag) }
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
        if response.status == .notModified, tag != nil { return nil }
        guard response.status == .ok, let entries = try? RegistryEntry.list(json: Array(body.readableBytesView)) else {
            throw KinError("relay_answer", "\(server) answered \(response.status.code): is it a kin server?")
        }
        return Page(entries: entries, tag: response.headers.first(name: "ETag"))
    }
}

/// The version of what a relay shows of a family: an entity tag (RFC 9110 §8.8.3) for each of its names, which mean nothing elsewhere.
public struct RegistryVersion: Hashable, Sendable {
    let tags: [String]

    /// - Parameter tags: nil, or what is no tag of reasonable length, gives none.
    init?(_ tags: [String?]) {
        self.tags = tags.compactMap { $0 }.filter(Self.isTag)
        guard self.tags.count == tags.count else { return nil }
    }

    private static func isTag(_ text: String) -> Bool {
        (3...128).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            && text.hasSuffix("\"") && (text.hasPrefix("\"") || text.hasPrefix("W/\""))
    }
}
