import AsyncHTTPClient
import KinCalls
import KinClient
import KinDaemonAPI
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import NIOCore
import NIOPosix
import Testing

@testable import KinDaemon
@testable import KinLink

@Suite struct LinkListenerTests {
    @Test("whoever is no member hears nothing but the end, every time")
    func strangers() async throws {
        try await House.run { house in
            let daemon = try await house.start("studio")
            try await daemon.isConnected()
            try await daemon.sees(["studio"])
            let machine = try Installation(try await house.home("studio")).machineID
            let route = RelayCarrier.Route(
                try ServerAddress(house.server.url), tls: nil, on: MultiThreadedEventLoopGroup.singleton.next())
            for _ in 0..<6 {
                let carrier = try await RelayCarrier.dial(machine, of: house.wallet.walletFile.routeID, by: route)
                try await carrier.send([UInt8](repeating: 7, count: 400))
                let end = await #expect(throws: LinkEnd.self) { _ = try await carrier.receive(within: .seconds(20)) }
                #expect(end?.cause == .peerClosed)
            }
            let figures = Figures(try await daemon.client.metrics())
            #expect(figures[#"kin_daemon_links_total{event="refused"}"#] == 6)
        }
    }

    @Test("whatever a relay says, no more than sixteen answers are under way")
    func bounded() async throws {
        // Nobody listens there, and no answer ever comes.
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let opened = Observed(0)
        try await listener.pipeline.addHandler(Counting(opened)).get()
        let port = try #require(listener.localAddress?.port)
        let route = RelayCarrier.Route(
            try ServerAddress("http://127.0.0.1:\(port)"), tls: nil, on: MultiThreadedEventLoopGroup.singleton.next(),
            deadline: .milliseconds(300))
        let links = try await Self.links()
        for number in 0..<1_000 { links.wanted([UInt8](repeating: UInt8(number % 256), count: 16), by: route) }
        try await opened.wait { $0 == AnsweringLinks.maxAnswers }
        // When these have given up the next are answered, and none of those in between.
        try await eventually("another is answered") {
            links.wanted([UInt8](repeating: 1, count: 16), by: route)
            return opened.value > AnsweringLinks.maxAnswers
        }
        #expect(opened.value <= 2 * AnsweringLinks.maxAnswers)
        try await listener.close()
    }

    @Test("who continues a link from where it never was loses that link, and nothing of it is kept")
    func wrongPosition() async throws {
        try await House.run { house in
            let daemon = try await house.start("studio")
            try await daemon.isConnected()
            try await daemon.sees(["studio"])
            let caller = try await Member("laptop", calling: "studio", in: house)
            for _ in 0...LinkTable.maxLinksEach {
                let (carrier, id) = try await caller.connect()
                carrier.close(reason: "cut")
                let (again, continued) = try await caller.connect(
                    continuing: LinkResumption(link: id, receivedThrough: 1_000))
                #expect(continued == id)
                let end = await #expect(throws: LinkEnd.self) { _ = try await again.receive(within: .seconds(20)) }
                #expect(end?.cause == .peerClosed)
            }
            // As many sessions left behind would leave no place.
            _ = try await caller.connect()
            try await daemon.links(["opened": LinkTable.maxLinksEach + 2, "refused": LinkTable.maxLinksEach + 1])
        }
    }

    @Test("a device that takes no more links of one says so on the link, and keeps nothing of it")
    func full() async throws {
        try await House.run { house in
            let daemon = try await house.start("studio")
            try await daemon.isConnected()
            try await daemon.sees(["studio"])
            let caller = try await Member("laptop", calling: "studio", in: house)
            for _ in 0..<LinkTable.maxLinksEach { _ = try await caller.connect() }
            try await daemon.links(["opened": LinkTable.maxLinksEach])
            let answered = try await caller.answered()
            var connection = try await answered.confirm()
            let word = try await answered.carrier.receive(within: .seconds(20))
            #expect(try LinkRecord(connection.transport.open(word)) == .end(reason: "links_refused"))
            let end = await #expect(throws: LinkEnd.self) {
                _ = try await answered.carrier.receive(within: .seconds(20))
            }
            #expect(end?.cause == .peerClosed)
            try await daemon.links(["opened": LinkTable.maxLinksEach, "refused": 1])
        }
    }

    @Test("a continuation that was answered before another one was made comes too late")
    func lateThird() async throws {
        try await House.run { house in
            let daemon = try await house.start("studio")
            try await daemon.isConnected()
            try await daemon.sees(["studio"])
            let caller = try await Member("laptop", calling: "studio", in: house)
            let resumption = LinkResumption(link: try await caller.connect().link, receivedThrough: 0)
            let early = try await caller.answered(continuing: resumption)
            _ = try await caller.connect(continuing: resumption)
            try await daemon.links(["continued": 1])
            try await early.confirm()
            let end = await #expect(throws: LinkEnd.self) { _ = try await early.carrier.receive(within: .seconds(20)) }
            #expect(end?.cause == .peerClosed)
            try await daemon.links(["opened": 1, "continued": 1, "refused": 1])
        }
    }

    private static func links() async throws -> AnsweringLinks {
        try await House.run { house in
            let installed = try Installation(try await house.home("studio"))
            return AnsweringLinks(
                LinkTable(now: realNow),
                credentials: {
                    LinkCredentials(
                        chain: installed.chain, key: installed.keys.sealing, revocations: installed.revocations,
                        newest: { _ in nil })
                }, key: installed.keys.sealing.publicKey, answering: NodeResponder(operations: Operations()),
                metrics: DaemonMetrics(), logger: .silent, now: realNow)
        }
    }

    @Test("a registry that did not change is not read again")
    func unchanged() async throws {
        try await House.run { house in
            let daemon = try await house.start("studio")
            try await daemon.isConnected()
            try await daemon.sees(["studio"])
            try await eventually("a look finds nothing new") {
                _ = try await daemon.client.devices()
                let response = try await HTTPClient.shared.execute(
                    HTTPClientRequest(url: house.server.url + "/metrics"), timeout: .seconds(30))
                let figures = Figures(String(buffer: try await response.body.collect(upTo: 1 << 20)))
                let series = #"kin_server_http_request_total{route="/registry",method="GET",status="3xx"}"#
                return figures[series].map { $0 >= 1 } ?? false
            }
        }
    }

    private final class Counting: ChannelInboundHandler, Sendable {
        typealias InboundIn = any Channel

        private let opened: Observed<Int>

        init(_ opened: Observed<Int>) { self.opened = opened }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { opened.update { $0 += 1 } }
    }
}

extension TestDaemon {
    /// Until so many things have happened to links.
    fileprivate func links(_ expected: [String: Int]) async throws {
        try await eventually("links: \(expected)") {
            let figures = Figures(try await client.metrics())
            return expected.allSatisfy { figures["kin_daemon_links_total{event=\"\($0.key)\"}"] == Double($0.value) }
        }
    }
}

/// A member that makes links by hand, through the house's server.
private struct Member {
    private let own: Installation
    private let target: VerifiedMember
    private let route: RelayCarrier.Route
    private let routeID: String

    init(_ name: String, calling other: String, in house: House) async throws {
        own = try Installation(try await house.home(name))
        let called = try Installation(try await house.home(other))
        target = try ChainVerifier(mesh: own.mesh).verify(called.chain, now: realNow())
        route = RelayCarrier.Route(
            try ServerAddress(house.server.url), tls: nil, on: MultiThreadedEventLoopGroup.singleton.next())
        routeID = house.wallet.walletFile.routeID
    }

    /// A handshake to which the last message is missing.
    final class Answered {
        let carrier: RelayCarrier
        private let position: Int64
        private var connection: LinkConnection?

        init(_ carrier: RelayCarrier, _ connection: consuming LinkConnection, position: Int64) {
            (self.carrier, self.position) = (carrier, position)
            self.connection = consume connection
        }

        @discardableResult
        func confirm() async throws -> LinkConnection {
            guard var connection = connection.take() else { throw CancellationError() }
            let record = LinkRecord.acknowledgement(through: position).encoded()
            try await carrier.send(try connection.transport.seal(record))
            return connection
        }
    }

    func answered(continuing resumption: LinkResumption? = nil) async throws -> Answered {
        let carrier = try await RelayCarrier.dial(target.machineID, of: routeID, by: route)
        let credentials = LinkCredentials(
            chain: own.chain, key: own.keys.sealing, revocations: own.revocations, newest: { _ in nil })
        var calling = try LinkInitiator(as: credentials, to: target, continuing: resumption)
        try await carrier.send(calling.open(now: realNow()))
        let answer = try await carrier.receive(within: .seconds(20))
        return Answered(
            carrier, try calling.finish(answer, now: realNow()), position: resumption?.receivedThrough ?? 0)
    }

    func connect(continuing resumption: LinkResumption? = nil) async throws -> (carrier: RelayCarrier, link: LinkID) {
        let answered = try await answered(continuing: resumption)
        let connection = try await answered.confirm()
        return (answered.carrier, connection.link)
    }

}
