import KinCalls
import KinClient
import KinCrypto
import KinDaemonAPI
import KinIdentity
import KinTerminal
import KinTestServer
import KinTesting
import KinWire
import NIOPosix
import Synchronization
import Testing

@testable import KinDaemon

/// What a relay can do to links: whatever it splices, repeats, keeps back or changes, nobody speaks with the wrong device, no byte is lost or
/// repeated, and what cannot be is said within seconds.
@Suite(.serialized) struct HostileRelayLinkTests {
    private static func machine(_ daemon: TestDaemon, in siege: RelaySiege) throws -> MachineID {
        try siege.installation(daemon).machineID
    }

    // MARK: The wrong parties

    /// How a call for the studio is brought to the kiosk.
    enum Splice: CaseIterable { case askedElsewhere, toldElsewhere }

    @Test(
        "a link that is spliced to another device of the family comes to nothing, and nobody answers for another",
        arguments: Splice.allCases)
    func spliced(_ splice: Splice) async throws {
        try await RelaySiege.lay(to: ["laptop", "studio", "kiosk"]) { siege in
            let (studio, kiosk) = (try Self.machine(siege.studio, in: siege), try Self.machine(siege.kiosk, in: siege))
            let relay = siege.relay
            relay.take { hands in
                switch splice {
                case .askedElsewhere:
                    hands.lead = { path in
                        guard path.hasPrefix("/link") else { return path }
                        return path.replacing("machine_id=\(studio)", with: "machine_id=\(kiosk)")
                    }
                case .toldElsewhere:
                    hands.tell = { message, device in
                        guard case .attach = message, device == studio else { return [message] }
                        relay.tell(kiosk, message)
                        return []
                    }
                }
            }
            let fault = try await siege.failure(of: siege.laptop, calling: "studio")
            #expect(fault.code == "peer_closed")
            #expect(KinError(fault).category == .unreachable)
            try await siege.refusesLink(siege.kiosk, because: "link_does_not_open")
            #expect(try await siege.links("opened", to: siege.kiosk) == 0)
            #expect(try await siege.links("opened", to: siege.studio) == 0)
            try await siege.isMended(siege.laptop, calling: siege.studio)
            #expect(try await siege.links("opened", to: siege.kiosk) == 0)
        }
    }

    @Test(
        "who answers in a device's place without its keys is found out", arguments: ["noise", "the caller's own words"])
    func answeredByNobody(_ what: String) async throws {
        try await RelaySiege.lay { siege in
            let said = Mutex<[UInt8]>([])
            siege.relay.take { hands in
                hands.pass = { passing in
                    if passing.isFromCaller, passing.number == 0 { said.withLock { $0 = passing.bytes } }
                    guard !passing.isFromCaller else { return [passing.bytes] }
                    return [what == "noise" ? Random.bytes(passing.bytes.count) : said.withLock { $0 }]
                }
            }
            let fault = try await siege.failure(of: siege.laptop, calling: "studio")
            #expect(fault.code == "link_does_not_open")
            #expect(try await siege.links("opened", to: siege.studio) == 0)
            try await siege.isMended(siege.laptop, calling: siege.studio)
        }
    }

    @Test(
        "an opening that was recorded and is repeated, with all that followed it, opens nothing, at its device or another"
    )
    func replayed() async throws {
        try await RelaySiege.lay(to: ["laptop", "studio", "kiosk"]) { siege in
            let recorded = Observed<[[UInt8]]>([])
            siege.relay.take { hands in
                hands.pass = { passing in
                    if passing.isFromCaller { recorded.update { $0.append(passing.bytes) } }
                    return [passing.bytes]
                }
            }
            _ = try await siege.answerer(to: siege.laptop, calling: "studio")
            let words = try await recorded.wait { $0.count >= 3 }
            siege.relay.take { _ in }
            let route = RelayCarrier.Route(
                try ServerAddress(siege.relay.server.url), tls: nil, on: MultiThreadedEventLoopGroup.singleton.next())
            for (device, reason, opened) in [
                (siege.studio, "link_unconfirmed", 1), (siege.kiosk, "link_does_not_open", 0),
            ] {
                let carrier = try await RelayCarrier.dial(
                    Self.machine(device, in: siege), of: siege.house.wallet.walletFile.routeID, by: route)
                for word in words { try? await carrier.send(word) }
                try await siege.refusesLink(device, because: reason)
                #expect(try await siege.links("opened", to: device) == opened)
                #expect(try await siege.links("refused", to: device) == 1)
            }
            try await siege.isMended(siege.laptop, calling: siege.studio)
        }
    }

    // MARK: On the way

    /// What is done to one message of a connection, either way.
    enum Harm: String, CaseIterable, CustomTestStringConvertible {
        case repeated, dropped, reordered, changed, cut, invented, lengthened

        var testDescription: String { rawValue }
    }

    /// Does it to the sixth message of each connection and direction, so many times.
    private final class Harming: Sendable {
        let done = Observed(0)
        private let harm: Harm
        private let times: Int
        private let held = Mutex<[Bool: [UInt8]]>([:])

        init(_ harm: Harm, times: Int) { (self.harm, self.times) = (harm, times) }

        func pass(_ passing: HostileRelay.Passing) -> [[UInt8]] {
            let bytes = passing.bytes
            if passing.number == 0 { held.withLock { $0[passing.isFromCaller] = nil } }
            if let former = held.withLock({ $0.removeValue(forKey: passing.isFromCaller) }) { return [bytes, former] }
            guard passing.number == 5, done.value < times else { return [bytes] }
            done.update { $0 += 1 }
            switch harm {
            case .repeated: return [bytes, bytes]
            case .dropped: return []
            case .reordered:
                held.withLock { $0[passing.isFromCaller] = bytes }
                return []
            case .changed: return [bytes.dropLast() + [(bytes.last ?? 0) ^ 1]]
            case .cut: return [Array(bytes.dropLast())]
            case .invented: return [Random.bytes(40), bytes]
            case .lengthened: return [bytes + [0]]
            }
        }
    }

    @Test(
        "messages that are repeated, dropped, reordered or changed cut the link, which goes on: a terminal shows every byte once",
        arguments: Harm.allCases)
    func harmed(_ harm: Harm) async throws {
        try await RelaySiege.lay { siege in
            let studio = try await Studio(siege.laptop)
            defer { studio.close() }
            let harming = Harming(harm, times: 3)
            siege.relay.take { $0.pass = { harming.pass($0) } }
            let info = try await studio.open("echo ready; read x; seq 1 200000", isPlain: true)
            let screen = try await studio.attach(info.id, from: .position(0))
            try await screen.sees("ready\n")
            try await studio.type("\n", info.id)
            #expect(try await screen.exit() == .code(0))
            #expect(screen.text == "ready\n" + (1...200_000).map { "\($0)\n" }.joined())
            let continued = try await siege.links("continued", to: siege.studio)
            #expect(harming.done.value > 1 && (1...harming.done.value).contains(continued))
            #expect(try await siege.links("opened", to: siege.studio) == 1)
        }
    }

    @Test("a relay that cuts a link and says why, whatever it says, is believed nothing")
    func lyingCodes() async throws {
        try await RelaySiege.lay { siege in
            let studio = try await Studio(siege.laptop)
            defer { studio.close() }
            let info = try await studio.open(
                "for i in 1 2 3 4 5 6 7 8 9; do read x; echo got-$x; done", isPlain: true)
            let screen = try await studio.attach(info.id, from: .position(0))
            for (number, code) in [1000, 1001, 1008, 4404, 4405, 4410, 4429, 4503, 4999].enumerated() {
                siege.relay.cutLinks(code: UInt16(code), reason: "device_offline")
                try await studio.type("\(number)\n", info.id)
                try await screen.sees("got-\(number)\n")
            }
            #expect(try await screen.exit() == .code(0))
            #expect(screen.text.ranges(of: "got-").count == 9)
            #expect(try await siege.links("opened", to: siege.studio) == 1)
        }
    }

    @Test("a relay that harms every connection of a link ends it: whoever waits on it hears so")
    func harmedForEver() async throws {
        try await RelaySiege.lay { siege in
            let studio = try await Studio(siege.laptop)
            defer { studio.close() }
            let info = try await studio.open("read x")
            let screen = try await studio.attach(info.id)
            // The handshake passes, and nothing behind it.
            siege.relay.take { hands in
                hands.pass = { $0.number < ($0.isFromCaller ? 2 : 1) ? [$0.bytes] : [$0.bytes + [0]] }
            }
            let typing = Task { try? await studio.type("hello", info.id) }
            defer { typing.cancel() }
            for _ in 0..<4 {
                let seen = try await siege.links("cut", to: siege.studio)
                try await eventually("it is cut again") { try await siege.links("cut", to: siege.studio) > seen }
                siege.house.letPass(9_000)
            }
            let fault = try await #require(throws: CallFault.self) { _ = try await screen.exit() }
            #expect(fault.code == "UNAVAILABLE" && KinError(fault).category == .unreachable)
            try await siege.isMended(siege.laptop, calling: siege.studio)
        }
    }

    // MARK: Who one was

    @Test("a device whose keys have moved on is not reached by its former ones, nor reaches anybody with them")
    func former() async throws {
        try await RelaySiege.lay { siege in
            let newer = try Forger(siege.studio).moved(at: realNow())
            siege.show(
                .entries([
                    try siege.record(of: siege.studio, ts: realNow() / 1000 + 1, signedBy: newer.signing) { record in
                        record.certified?.chain = newer.chain
                        record.hostPub = newer.sealing.publicKey.bytes
                    }
                ]))
            _ = try await siege.laptop.client.devices()
            let fault = try await siege.failure(of: siege.laptop, calling: "studio")
            #expect(fault.code == "peer_closed")
            try await siege.refusesLink(siege.studio, because: "link_does_not_open")
            let refused = try await siege.failure(of: siege.studio, calling: "laptop")
            #expect(refused.code == "link_refused" && refused.message.contains("certificate_superseded"))
            try await siege.refusesLink(siege.laptop, because: "certificate_superseded")
            #expect(try await siege.links("opened", to: siege.laptop) == 0)
        }
    }
}
