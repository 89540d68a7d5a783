import AsyncHTTPClient
import KinCalls
import KinClient
import KinDaemonAPI
import KinIdentity
import KinLink
import KinTestServer
import KinTesting
import KinWire
import NIOCore
import NIOPosix
import Testing

@testable import KinDaemon

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
