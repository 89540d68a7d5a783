import KinDaemonAPI
import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import Testing

/// A broker that breaks the rules of the connection itself.
@Suite struct HostileSessionTests {
    @Test("what belongs to an opening changes nothing in mid-session: limits, features and store stay as agreed")
    func openingAgain() async throws {
        try await Siege.lay { siege in
            let laptop = siege.laptop
            let before = try await laptop.client.version().brokerFeatures
            var lies = FeatureResponse.sound
            lies.supported["max_payload"]?["inline_bytes"] = .integer(1 << 40)
            let ready = Ready(
                member: laptop.version.member, session: [UInt8](repeating: 1, count: 8),
                store: [UInt8](repeating: 9, count: 16))
            let frames: [MeshFrame] = [
                .challenge(Challenge(nonce: [UInt8](repeating: 5, count: 32), serverTime: 1)), .featureResponse(lies),
                .featureResponse(FeatureResponse(supported: [:], missingRequired: ["client_message_id_dedupe"])),
                .ready(ready), .clientAck(ClientAck(results: [.init(brokerMessageID: 1, result: .stored)])),
            ]
            for frame in frames { siege.tell(laptop, frame) }
            try await siege.expect(laptop, ["frame_unexpected": Int64(frames.count)])
            #expect(try await laptop.client.version().brokerFeatures == before)
            siege.broker.tell(
                laptop.version.member,
                [[], [0, 0, 0, 9, 1], Array("\u{0}\u{0}\u{0}\u{2}{}".utf8), [255, 255, 255, 255]])
            try await siege.expect(laptop, ["frame_unexpected": Int64(frames.count), "frame_invalid": 4])
            try await siege.isServed(from: laptop, to: siege.studio)
        }
    }

    @Test(
        "a hello answers one challenge: with an older nonce the honest server refuses it, and nothing else comes of it")
    func reusedNonce() async throws {
        try await Siege.lay { siege in
            let first = siege.passed.value.first { $0.frame.message.type == "challenge" }
            let old = try first.orThrow("a challenge").frame.bytes
            siege.hands { frame, _ in frame.message.type == "challenge" ? [old] : [frame.bytes] }
            siege.broker.loseDaemons()
            try await eventually("laptop is refused") {
                try await siege.laptop.client.health().broker.lastError?.contains("unauthorized") == true
            }
            let answer = try await siege.laptop.send("waits", to: "studio")
            siege.hands(Siege.honest)
            try await siege.laptop.waits(for: answer.clientMessageID, toBe: .delivered)
        }
    }

    @Test("a hello that is carried to another server is refused there: it names the server it was meant for")
    func otherOrigin() async throws {
        try await HostileBroker.run(isOrigin: false, { frame, _ in [frame.bytes] }) { broker, relay in
            try await House.run { house in
                let laptop = try await house.start("laptop", servers: [broker.url, relay.url])
                try await eventually("it is refused") {
                    try await laptop.client.health().broker.lastError?.contains("unauthorized") == true
                }
                #expect(try await laptop.client.health().status == "degraded")
            }
        }
    }

    @Test("a close code nobody knows is a lost connection", arguments: [1000, 4009, 4999] as [UInt16])
    func unknownCloseCodes(code: UInt16) async throws {
        try await Siege.lay { siege in
            siege.broker.loseDaemons(code: code, reason: "because")
            try await eventually("they come back") {
                siege.passed.value.filter { $0.frame.message.type == "ready" }.count >= 4
            }
            try await siege.isServed(from: siege.laptop, to: siege.studio)
        }
    }

    @Test("a store that seems to be another makes messages go out again, and none arrives twice")
    func movedStore() async throws {
        try await Siege.lay { siege in
            siege.hands { frame, _ in Pushed(frame)?.header.priority == .low ? [] : [frame.bytes] }
            let answer = try await siege.laptop.send("once", to: "studio")
            #expect(try await siege.studio.bodies(1) == ["once"])
            try await siege.laptop.waits(for: answer.clientMessageID, toBe: .relayed)
            siege.hands { frame, _ in
                if Pushed(frame)?.header.priority == .low { return [] }
                guard case .ready(var ready) = frame.message else { return [frame.bytes] }
                ready.store = [UInt8](repeating: 9, count: 16)
                return [MeshFrame.ready(ready).encoded()]
            }
            siege.broker.loseDaemons()
            try await siege.expect(sends: 2, of: answer.clientMessageID)
            siege.hands(Siege.honest)
            siege.broker.loseDaemons()
            try await siege.laptop.waits(for: answer.clientMessageID, toBe: .delivered)
            #expect(try await siege.studio.inbox().map(\.body) == ["once"])
        }
    }

    @Test("a limit of a hundred gigabytes is not believed beyond what a server takes, and none of zero at all")
    func lyingLimits() async throws {
        try await Siege.lay { siege in
            for inlineBytes in [0, 1 << 46] as [Int64] {
                siege.hands { frame, _ in
                    guard case .featureResponse(var response) = frame.message else { return [frame.bytes] }
                    response.supported["max_payload"]?["inline_bytes"] = .integer(inlineBytes)
                    return [MeshFrame.featureResponse(response).encoded()]
                }
                siege.broker.loseDaemons()
                try await eventually("the lie is told") {
                    try await siege.laptop.client.version().brokerFeatures?["max_payload"]["inline_bytes"]
                        == .integer(inlineBytes)
                }
                try await siege.isServed(from: siege.laptop, to: siege.studio)
            }
        }
    }
}
