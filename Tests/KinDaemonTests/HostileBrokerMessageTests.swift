import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinSession
import KinTesting
import KinWire
import Testing

/// A broker that shows messages to whom, from whom and as what they are not. None enters an inbox, and each attempt is counted.
@Suite struct HostileBrokerMessageTests {
    @Test("a sender's own message is not reflected to it, under its own name or the recipient's")
    func reflected() async throws {
        try await Siege.lay { siege in
            let pushed = try await siege.pushed("mine", by: siege.laptop, to: "studio")
            _ = try await siege.studio.bodies(1)
            siege.tell(siege.laptop, pushed)
            try await siege.expect(siege.laptop, ["does_not_open": 1])
            // The shared key of two devices opens both ways: what is signed inside tells.
            siege.tell(siege.laptop, pushed.with { $0.sender = siege.studio.version.member })
            siege.tell(
                siege.laptop,
                pushed.with {
                    $0.sender = siege.studio.version.member
                    $0.destination = .dm(siege.laptop.version.member)
                })
            try await siege.expect(siege.laptop, ["does_not_open": 1, "misaddressed": 2])
            #expect(try await siege.laptop.inbox() == [])
            try await siege.isServed(from: siege.studio, to: siege.laptop)
        }
    }

    @Test("a message that is shown to another member, or under another's name, is refused")
    func readdressed() async throws {
        try await Siege.lay(to: ["laptop", "studio", "kiosk"]) { siege in
            let kiosk = siege.kiosk.version.member
            siege.withhold("push")
            let pushed = try await siege.pushed("for studio", by: siege.laptop, to: "studio")
            siege.tell(siege.kiosk, pushed)
            siege.tell(siege.kiosk, pushed.with { $0.destination = .dm(kiosk) })
            try await siege.expect(siege.kiosk, ["does_not_open": 2])
            siege.tell(siege.studio, pushed.with { $0.destination = .dm(kiosk) })
            siege.tell(siege.studio, pushed.with { $0.sender = kiosk })
            try await siege.expect(siege.studio, ["misaddressed": 1, "does_not_open": 1])
            #expect(try await siege.kiosk.inbox() == [])
            #expect(try await siege.studio.inbox() == [])
            siege.tell(siege.studio, pushed)
            #expect(try await siege.studio.bodies(1) == ["for studio"])
        }
    }

    @Test("every fact of the header that is signed inside is compared with it")
    func changedHeaders() async throws {
        try await Siege.lay { siege in
            siege.withhold("push")
            let pushed = try await siege.pushed("as it was", by: siege.laptop, to: "studio")
            let other = try ClientMessageID("another").orThrow("an id")
            let topic = try TopicName("all").orThrow("a name")
            let changes: [@Sendable (inout Push) -> Void] = [
                { $0.seq += 1 }, { $0.line[0] ^= 1 }, { $0.priority = .now }, { $0.clientMessageID = other },
                { $0.destination = .topic(topic) },
            ]
            for change in changes { siege.tell(siege.studio, pushed.with(change)) }
            try await siege.expect(siege.studio, ["misaddressed": Int64(changes.count)])
            #expect(try await siege.studio.inbox() == [])
            var damaged = pushed
            damaged.body[damaged.body.count - 1] ^= 1
            siege.tell(siege.studio, damaged)
            damaged.body = Array(pushed.body.prefix(40))
            siege.tell(siege.studio, damaged)
            try await siege.expect(
                siege.studio, ["misaddressed": Int64(changes.count), "does_not_open": 1, "malformed": 1])
            #expect(try await siege.studio.inbox() == [])
            // What the broker alone says, the time and its number, may be anything: nothing is decided by it.
            siege.tell(
                siege.studio,
                pushed.with {
                    $0.sentAt = 1
                    $0.brokerMessageID = 1 << 52
                })
            #expect(try await siege.studio.bodies(1) == ["as it was"])
        }
    }

    @Test("whoever has the recipient's key opens what comes, and can forge nothing: the signature is missing")
    func stolenKey() async throws {
        try await Siege.lay(to: ["laptop", "studio", "kiosk"]) { siege in
            let (laptop, studio, kiosk) = (
                try Forger(siege.laptop), try Forger(siege.studio), try Forger(siege.kiosk)
            )
            let forged = try laptop.message("stolen", to: studio.member)
            // Sealed with the recipient's own key, for the one it is to seem to come from: the same box.
            let body = try DirectSealer(chain: laptop.chain, keys: studio.keys).seal(forged, for: laptop.member)
            siege.tell(siege.studio, Pushed(try laptop.push(forged, to: studio.member).header, body))
            try await siege.expect(siege.studio, ["bad_signature": 1])
            // Another member in its own name, with a message inside that says it is of a third.
            let lent = try kiosk.push(forged, to: studio.member)
            siege.tell(siege.studio, lent)
            siege.tell(siege.studio, lent.with { $0.sender = siege.kiosk.version.member })
            siege.tell(siege.studio, try kiosk.push(bytes: Array("no message".utf8), to: studio.member))
            siege.tell(siege.studio, lent.with { $0.sender = ULID(milliseconds: 1, randomness: $0.line + [1, 2]) })
            try await siege.expect(
                siege.studio,
                ["bad_signature": 1, "does_not_open": 1, "misaddressed": 1, "malformed": 1, "unknown_sender": 1])
            #expect(try await siege.studio.inbox() == [])
        }
    }

    @Test("a message that comes again is in the inbox once, whatever number it bears")
    func replayed() async throws {
        try await Siege.lay { siege in
            let pushed = try await siege.pushed("once", by: siege.laptop, to: "studio")
            _ = try await siege.studio.bodies(1)
            siege.tell(siege.studio, pushed)
            for number in 1...3 { siege.tell(siege.studio, pushed.with { $0.brokerMessageID += Int64(number) }) }
            try await siege.expect(siege.studio, ["duplicate": 4])
            #expect(try await siege.studio.inbox().map(\.body) == ["once"])
            try await siege.isServed(from: siege.laptop, to: siege.studio)
        }
    }

    private static let day: Int64 = 86_400_000

    @Test(
        "a message that was kept back for 46 days is refused, and its sender is told; one that had come changes nothing"
    )
    func late() async throws {
        try await Siege.lay { siege in
            let known = try await siege.pushed("known", by: siege.laptop, to: "studio")
            _ = try await siege.laptop.waits(for: known.header.clientMessageID, toBe: .delivered)
            siege.withhold("push")
            let kept = try await siege.pushed("kept back", by: siege.laptop, to: "studio")
            siege.delay = 46 * Self.day
            siege.hands(Siege.honest)
            siege.tell(siege.studio, known)
            siege.tell(siege.studio, kept)
            try await siege.expect(siege.studio, ["wrong_time": 2])
            let status = try await siege.laptop.waits(for: kept.header.clientMessageID, toBe: .refused)
            #expect(status.lastError == "wrong_time")
            #expect(try await siege.laptop.client.message(known.header.clientMessageID).status == .delivered)
            #expect(try await siege.studio.inbox().map(\.body) == ["known"])
        }
    }

    @Test("a message that was kept back until it expired is refused, and its sender is told")
    func expired() async throws {
        try await Siege.lay { siege in
            siege.withhold("push")
            let answer = try await siege.laptop.client.send(
                SendRequest(to: "studio", message: "soon", expiresIn: 3_600_000))
            let kept = try await siege.push(of: answer.clientMessageID)
            siege.delay = 3_600_001
            siege.hands(Siege.honest)
            siege.tell(siege.studio, kept)
            try await siege.expect(siege.studio, ["expired": 1])
            #expect(try await siege.laptop.waits(for: answer.clientMessageID, toBe: .refused).lastError == "expired")
            #expect(try await siege.studio.inbox() == [])
        }
    }
}
