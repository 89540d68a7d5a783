import KinCalls
import KinClient
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinLink
import KinTestServer
import KinTesting
import KinWire
import NIOPosix
import Synchronization
import Testing

@Suite(.serialized) struct LinkedRevocationTests {
    @Test(
        "a device that broker and relay keep a revocation from hears of it by a link, whoever of the two calls",
        arguments: [true, false])
    func withheld(isCalled: Bool) async throws {
        // Everything that is sealed states heads, too: nothing goes through until the one to be asked is.
        let asked = Mutex<ULID?>(nil)
        let said = Mutex(0)
        let hands: HostileBroker.Hands = { frame, direction in
            switch frame.message {
            case .revocations, .revocationsGet, .memberRevoked: return []
            case .send(let send) where direction == .toBroker:
                said.withLock { $0 += 1 }
                let passes = asked.withLock { asked in
                    if asked.map({ send.destination == .dm($0) }) == true { asked = nil }
                    return asked == nil
                }
                return passes ? [frame.bytes] : []
            default: return [frame.bytes]
            }
        }
        try await HostileBroker.run(hands) { broker, relay in
            try await House.run { house in
                let proxy = try await CuttingProxy()
                proxy.lead(to: relay.port)
                let laptop = try await house.start("laptop", servers: [broker.url, proxy.url])
                let studio = try await house.start("studio", servers: [broker.url, proxy.url])
                for daemon in [laptop, studio] { try await daemon.sees(["laptop", "studio"]) }
                let kiosk = try Installation(try await house.home("kiosk"))
                try await Self.link(kiosk, to: studio, at: relay.url)
                // What they tell each other at first would lead to answers later.
                var before = -1
                while said.withLock({ $0 }) != before {
                    before = said.withLock { $0 }
                    try await Task.sleep(for: .seconds(1))
                }
                // Records as well, whoever of the two reads them.
                proxy.refuse("GET /registry")
                asked.withLock { $0 = laptop.version.member }
                let entry = try await house.wallet.sign(
                    Revocation(
                        mesh: kiosk.mesh, author: .wallet, seq: 1, previous: nil, target: kiosk.chain.member,
                        cutoff: realNow(),
                        reason: "lost", at: realNow()))
                _ = try await laptop.client.submit(SignedRevocation(proof: RevocationProof(entry: entry)))
                try await Self.link(kiosk, to: studio, at: relay.url)
                #expect(try await studio.client.members().revoked == [])

                let (caller, called) = isCalled ? (laptop, "studio") : (studio, "laptop")
                let calls = try await caller.client.calls(now: realNow)
                defer { calls.close() }
                _ = try await calls.stream.call(OperationPath("/\(called)/device/info").orThrow("a path"))
                try await eventually("studio knows") {
                    try await studio.client.members().revoked.map(\.member) == [kiosk.chain.member.description]
                }
                await #expect(throws: LinkFault.refused(code: "member_revoked")) {
                    try await Self.link(kiosk, to: studio, at: relay.url)
                }
                await proxy.stop()
            }
        }
    }

    /// A handshake as `device`, whose daemon does not run, up to the other side's answer.
    private static func link(_ device: Installation, to other: TestDaemon, at url: String) async throws {
        let target = try Forger(other).member
        let route = RelayCarrier.Route(
            try ServerAddress(url), tls: nil, on: MultiThreadedEventLoopGroup.singleton.next())
        let carrier = try await RelayCarrier.dial(target.machineID, of: device.wallet.routeID, by: route)
        defer { carrier.close(reason: "done") }
        let own = LinkCredentials(
            chain: device.chain, key: device.keys.sealing, revocations: device.revocations, newest: { _ in nil })
        var calling = try LinkInitiator(as: own, to: target)
        try await carrier.send(calling.open(now: realNow()))
        _ = try calling.finish(try await carrier.receive(within: .seconds(10)), now: realNow())
    }
}
