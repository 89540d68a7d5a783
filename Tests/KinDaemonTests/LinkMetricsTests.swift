import KinCalls
import KinClient
import KinDaemonAPI
import KinIdentity
import KinLink
import KinTestServer
import KinTesting
import KinWire
import NIOPosix
import Testing

@testable import KinDaemon

/// What is counted of links where they were opened.
@Suite(.serialized) struct LinkMetricsTests {
    private static let info = OperationPath("/studio/device/info")

    @Test("opened once for many calls, ended by the other side, and then not reached")
    func ends() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let calls = try await daemons[0].client.calls(now: realNow)
            defer { calls.close() }
            let path = try Self.info.orThrow("a path")
            for _ in 1...3 { _ = try await calls.stream.call(path) }
            try await daemons[0].counts(#"kin_daemon_opened_links_total{event="opened"}"#, 1)
            try await daemons[1].counts(#"kin_daemon_links_total{event="opened"}"#, 1)
            try await daemons[1].stop()
            try await daemons[0].counts(#"kin_daemon_opened_link_ends_total{reason="by_peer"}"#, 1)
            await #expect(throws: CallFault.self) { try await calls.stream.call(path) }
            let figures = try await daemons[0].figures()
            #expect(figures[#"kin_daemon_link_dial_refusals_total{reason="device_offline"}"#] == 1)
            #expect(figures[#"kin_daemon_opened_links_total{event="opened"}"#] == 1)
            #expect(figures[#"kin_daemon_opened_links_total{event="cut"}"#] == 0)
            #expect(figures[#"kin_daemon_links_total{event="opened"}"#] == 0)
        }
    }

    @Test("cut with the relay and continued with it")
    func cut() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let calls = try await daemons[0].client.calls(now: realNow)
            defer { calls.close() }
            let path = try Self.info.orThrow("a path")
            _ = try await calls.stream.call(path)
            try await house.server.stop()
            try await daemons[0].counts(#"kin_daemon_opened_links_total{event="cut"}"#, 1)
            try await eventually("the relay is missed") {
                try await daemons[0].figures()[#"kin_daemon_link_dial_refusals_total{reason="relay_unreachable"}"#]
                    .map { $0 >= 1 } ?? false
            }
            try await house.server.start()
            _ = try await calls.stream.call(path)
            let figures = try await daemons[0].figures()
            #expect(figures[#"kin_daemon_opened_links_total{event="continued"}"#] == 1)
            #expect(figures[#"kin_daemon_opened_links_total{event="opened"}"#] == 1)
        }
    }

    @Test("one that nobody calls on is ended; one whose clock differs is told so, and not let in")
    func unusedAndRefused() async throws {
        try await House.run { house in
            let studio = try await house.start("studio")
            try await studio.sees(["studio"])
            let (laptop, target) = try await (
                Installation(house.home("laptop")), Installation(house.home("studio"))
            )
            let member = try ChainVerifier(mesh: target.mesh, revocations: target.revocations)
                .verify(target.chain, now: realNow())
            let metrics = DaemonMetrics()
            let links = try Self.links(of: laptop, house, metrics, now: realNow)
            let path = try OperationPath("/device/info").orThrow("a path")
            _ = try await links.calls(on: member, called: "studio").call(path)
            #expect(metrics.openedLinks["opened"].value == 1)
            links.sweep(at: .now, isMember: { _ in true })
            links.sweep(at: .now + .seconds(59), isMember: { _ in true })
            #expect(links.count == 1)
            links.sweep(at: .now + .seconds(61), isMember: { _ in true })
            try await eventually("it is over") { links.count == 0 }
            #expect(metrics.openedLinkEnds["unused"].value == 1)

            _ = try await links.calls(on: member, called: "studio").call(path)
            links.sweep(at: .now, isMember: { _ in false })
            #expect(metrics.openedLinkEnds["not_a_member"].value == 1)

            let late = try Self.links(of: laptop, house, metrics, now: { realNow() + 120_000 })
            let error = await #expect(throws: KinError.self) {
                _ = try await late.calls(on: member, called: "studio")
            }
            #expect(error?.code == "link_refused")
            #expect(metrics.dialRefusals["told_clock_differs"].value == 1)
            #expect(metrics.openedLinks["opened"].value == 2)
            for session in links.close() { session.end(.linkEnded("over")) }
        }
    }

    private static func links(
        of installed: Installation, _ house: House, _ metrics: DaemonMetrics, now: @escaping @Sendable () -> Int64
    ) throws -> OutgoingLinks {
        let dialler = LinkDialler(
            servers: [try ServerAddress(house.server.url)], routeID: house.wallet.walletFile.routeID,
            tls: try TrustRoots.tls(nil), eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
            credentials: {
                LinkCredentials(
                    chain: installed.chain, key: installed.keys.sealing, revocations: installed.revocations,
                    newest: { _ in nil })
            }, shown: { _ in [] }, now: now)
        return OutgoingLinks(
            dialler, answering: NodeResponder(operations: Operations()), metrics: metrics, logger: .silent)
    }

    @Test("every reason that a figure can have is one of its own")
    func reasons() {
        let metrics = DaemonMetrics()
        for reason in LinkEnding.reasons { metrics.openedLinkEnds[reason].add() }
        for reason in DialRefusal.reasons { metrics.dialRefusals[reason].add() }
        #expect(metrics.openedLinkEnds["other"].value == 0 && metrics.dialRefusals["other"].value == 0)
        #expect(Set(LinkEnding.reasons).count == LinkEnding.reasons.count)
        #expect(Set(DialRefusal.reasons).count == DialRefusal.reasons.count)
        #expect(DialRefusal.reason(LinkFault.refused(code: "clock_differs")) == "told_clock_differs")
        #expect(DialRefusal.reason(LinkFault.chain(.badSignature)) == "chain_refused")
        // Another side's words become no label.
        metrics.dialRefusals[DialRefusal.reason(LinkFault.refused(code: "anything"))].add()
        #expect(metrics.dialRefusals["other"].value == 1)
    }
}
