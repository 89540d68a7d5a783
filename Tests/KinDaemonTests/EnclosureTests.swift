import Foundation
import GRDB
import KinDaemonAPI
import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import Testing

@testable import KinDaemon

/// Messages that do not fit their frame, with real daemons and a real server.
@Suite struct EnclosureTests {
    /// As large as the local API takes one, about.
    static let largest = (1 << 20) - 200

    /// A text of so many bytes, no two of which begin alike.
    static func text(_ count: Int, _ start: String = "") -> String {
        String((start + (0..<count / 5).map { String(format: "%05d", $0) }.joined() + "     ").prefix(count))
    }

    @Test(
        "what is larger than the broker takes arrives as if it had fitted, and is no file",
        arguments: [65_537, largest, 8_000])
    func roundTrip(count: Int) async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let (laptop, studio) = (daemons[0], daemons[1])
            let heard = Observed([DaemonEvent]())
            let events = try await studio.client.events(after: 0)
            let listening = Task { for try await event in events { heard.update { $0.append(event) } } }
            // What is small in itself does not fit for what it carries beside it.
            let meta: JSON =
                count < 10_000 ? .object(["log": .string(Self.text(100_000))]) : .object(["n": .integer(1)])
            var request = SendRequest(
                to: "studio", message: Self.text(count), priority: .now, meta: count == Self.largest ? nil : meta,
                clientMessageID: try ClientMessageID("large").orThrow("an id"), expiresIn: 600_000)
            let answer = try await laptop.client.send(request)
            #expect(answer.status == .queued && answer.clientMessageID.description == "large")
            try await laptop.waits(for: answer.clientMessageID, toBe: .delivered)
            let message = try #require(try await studio.inbox().first)
            #expect(message.body == Self.text(count) && message.contentType == "text/plain")
            #expect(message.clientMessageID == answer.clientMessageID && message.from == "laptop")
            #expect(message.priority == .now && message.meta == request.meta)
            let told = try #require(
                try await heard.wait { $0.contains { $0.kind == .message } }.first { $0.kind == .message })
            #expect(told.id == message.id && told.data["body"] == .string(message.body))
            // The same request is recognised, another under its id is not taken.
            #expect(try await laptop.client.send(request).duplicate)
            request.message += "."
            await #expect(throws: KinError.self) { try await laptop.client.send(request) }
            for daemon in daemons { #expect(try await daemon.client.files().files == []) }
            #expect(try await studio.client.markRead([message.id]).read == [message.id])
            try await laptop.waits(for: answer.clientMessageID, toBe: .read)
            listening.cancel()
            #expect(try house.blobs().count == 1)
            let sealed = try Data(contentsOf: URL(filePath: try house.blobs()[0]))
            #expect(sealed.range(of: Data("0000100002".utf8)) == nil, "the server cannot read it")
        }
    }

    @Test("a post that does not fit reaches everybody in the topic, and names whom it names")
    func post() async throws {
        try await House.run { house in
            let (a, b, c) = try await house.three()
            let topic = try TopicName("logs").orThrow("a topic")
            _ = try await a.client.createTopic(topic, members: nil)
            for daemon in [b, c] { try await daemon.joins(topic) }
            // Whoever has it has the topic's key: posts that wait for one may be overtaken.
            _ = try await a.client.post(PostRequest(topic: topic, message: "before"))
            for daemon in [b, c] { #expect(try await daemon.bodies(1) == ["before"]) }
            var post = PostRequest(topic: topic, message: Self.text(Self.largest))
            post.mentions = [try DeviceName("bbb").orThrow("a name")]
            _ = try await a.client.post(post)
            _ = try await a.client.post(PostRequest(topic: topic, message: "after"))
            for daemon in [b, c] {
                #expect(try await daemon.bodies(3) == ["before", post.message, "after"])
                let message = try #require(try await daemon.inbox().dropFirst().first)
                #expect(message.topic == topic && message.mentions == post.mentions)
            }
        }
    }

    @Test("what comes after it does not arrive before it, whoever is slow")
    func order() async throws {
        try await House.behindProxy { house, proxy, laptop, studio in
            let texts = (0..<24).map { $0 % 4 == 0 ? Self.text(200_000, "\($0) ") : "\($0) small" }
            proxy.cut(.up, after: 300_000, times: 3)
            for text in texts { _ = try await laptop.send(text, to: "studio") }
            #expect(try await studio.bodies(texts.count) == texts)
            // Downwards, where both sides have the same way.
            proxy.cut(.down, after: 150_000, times: 3)
            for text in texts { _ = try await laptop.send("again " + text, to: "studio") }
            #expect(Array(try await studio.bodies(texts.count * 2).suffix(texts.count)) == texts.map { "again " + $0 })
            #expect(try await studio.client.health().inbound["reversal"] == nil)
        }
    }

    @Test("one that was accepted outlives its daemon, its server's absence, and an upload that was cut")
    func senderRestarts() async throws {
        try await House.behindProxy { house, proxy, laptop, studio in
            proxy.block()
            try await laptop.counts("kin_daemon_connected", 0)
            let one = try await laptop.send(Self.text(900_000, "one"), to: "studio")
            let two = try await laptop.send("two", to: "studio")
            try await laptop.stop()
            proxy.cut(.up, after: 400_000, thenBlocks: true)
            proxy.unblock()
            let cut = try await house.start("laptop", servers: [proxy.url, house.server.url])
            try await eventually("it is cut") { proxy.cuts == 1 }
            #expect(try await cut.client.message(one.clientMessageID).status == .queued)
            try await cut.stop()
            proxy.unblock()
            let again = try await house.start("laptop", servers: [proxy.url, house.server.url])
            for sent in [one, two] { try await again.waits(for: sent.clientMessageID, toBe: .delivered) }
            #expect(try await studio.bodies(2) == [Self.text(900_000, "one"), "two"])
            let sent = try #require(try await again.figures()["kin_daemon_file_bytes_total{direction=\"out\"}"])
            #expect(sent < 900_000, "what was there did not go again")
            #expect(try house.blobs().count == 1)
        }
    }

    @Test(
        "until its content is here it is not in the inbox, not delivered, and outlives its reader; then all is in order"
    )
    func receiverRestarts() async throws {
        try await House.run { house in
            let (laptop, studio, one, two) = try await house.waiting(Self.text(300_000, "one"), "two")
            try await eventually("both wait") { try house.awaited(by: studio) == 2 }
            #expect(try await studio.inbox() == [])
            #expect(try await laptop.client.message(two).status == .relayed)
            try await studio.stop()
            let again = try await house.start("studio")
            try await again.isConnected()
            // What comes later waits behind them; what has another priority does not.
            _ = try await laptop.send("three", to: "studio")
            _ = try await laptop.client.send(SendRequest(to: "studio", message: "at once", priority: .now))
            #expect(try await again.bodies(1) == ["at once"])
            try await eventually("three wait") { try house.awaited(by: again) == 3 }
            #expect(try await laptop.client.message(one).status == .relayed)
            try house.changeServer("UPDATE blob SET received = size")
            #expect(try await again.bodies(4) == ["at once", Self.text(300_000, "one"), "two", "three"])
            for sent in [one, two] { try await laptop.waits(for: sent, toBe: .delivered) }
            #expect(try house.awaited(by: again) == 0)
        }
    }

    @Test(
        "a content that is not what was sent, or is not there, ends in a refusal that its sender is told; what follows arrives",
        arguments: Loss.allCases)
    func losses(loss: Loss) async throws {
        try await House.run { house in
            let (laptop, studio, one, two) = try await house.waiting(
                Self.text(300_000), "two", expiresIn: loss.expiresIn)
            try loss.apply(to: house)
            try house.changeServer("UPDATE blob SET received = size")
            let status = try await laptop.waits(for: one, toBe: .refused)
            #expect(status.lastError == loss.reason && status.refusedAt != nil)
            try await laptop.waits(for: two, toBe: .delivered)
            #expect(try await studio.inbox().map(\.body) == ["two"])
            #expect(try house.awaited(by: studio) == 0)
            let counted = loss == .expired ? "expired" : "enclosure_refused"
            #expect(try await studio.client.health().inbound[counted] == 1)
        }
    }

    enum Loss: CaseIterable {
        case flipped, deleted, truncated, expired

        var reason: String {
            switch self {
            case .flipped: "enclosure_tampered"
            case .deleted, .truncated: "enclosure_gone"
            case .expired: "expired"
            }
        }

        var expiresIn: Int64? { self == .expired ? 600_000 : nil }

        func apply(to house: House) throws {
            switch self {
            case .flipped: try house.damageBlob { $0[70_000] ^= 1 }
            case .truncated: try house.damageBlob { $0.removeLast(10) }
            case .deleted: try house.changeServer("DELETE FROM blob")
            case .expired: house.letPass(600_000)
            }
        }
    }

    @Test("a server that lost its store is told again, with the content, by whoever is not known to have it")
    func storeLost() async throws {
        try await House.run { house in
            // Relayed, and at its reader, who has not got the content.
            let (laptop, studio, one, two) = try await house.waiting(Self.text(300_000, "one"), "two")
            try await eventually("both wait") { try house.awaited(by: studio) == 2 }
            try await house.server.stop()
            try await house.server.start(forgetful: true)
            for sent in [one, two] { try await laptop.waits(for: sent, toBe: .delivered) }
            #expect(try await studio.bodies(2) == [Self.text(300_000, "one"), "two"])
            #expect(try house.blobs().count == 1)
        }
    }

    @Test("an inbox that was damaged gets what did not fit back too, in its place")
    func refill() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let texts = ["a", Self.text(100_000, "b"), "c", Self.text(100_000, "d"), "e"]
            try await daemons[0].deliver(texts, to: "studio")
            // The broker's disk has the acknowledgements once something else is written.
            try await daemons[1].settle()
            try await daemons[1].stop()
            try House.damage("inbox.db", of: daemons[1].state)
            let again = try await house.restart(daemons[1])
            try await again.isWhole()
            #expect(try await again.bodies(6) == texts + ["to itself"])
            #expect(try await again.inbox().allSatisfy { $0.id <= 0 })
            #expect(try house.awaited(by: again) == 0)
        }
    }

    @Test("what is too large even so is refused with the bound and the way out, and consumes nothing")
    func tooLarge() async throws {
        try await House.runAgainstFake {
            $0.ack
        } _: { laptop, _ in
            let error = await #expect(throws: KinError.self) {
                try await laptop.client.send(SendRequest(to: "laptop", message: Self.text(5_000)))
            }
            #expect(error?.code == "message_too_large" && error?.detail["limit"] == .integer(4096))
            #expect(error?.message.contains("kin share") == true)
            let whole = await #expect(throws: KinError.self) {
                try await laptop.client.send(SendRequest(to: "laptop", message: Self.text(1 << 20)))
            }
            #expect(whole?.code == "body_too_large" && whole?.message.contains("kin share") == true)
            let waiting = try await laptop.client.outbox()
            #expect(waiting.messages == [])
        }
    }
}

extension House {
    /// Two messages, the first too large, that are at the broker; its content cannot be fetched until the server says otherwise.
    func waiting(
        _ one: String, _ two: String, expiresIn: Int64? = nil
    ) async throws -> (TestDaemon, TestDaemon, ClientMessageID, ClientMessageID) {
        let daemons = try await start(family: "laptop", "studio")
        try await daemons[1].stop()
        let first = try await daemons[0].client.send(
            SendRequest(to: "studio", message: one, expiresIn: expiresIn)
        ).clientMessageID
        let second = try await daemons[0].send(two, to: "studio").clientMessageID
        for id in [first, second] { try await daemons[0].waits(for: id, toBe: .relayed) }
        try changeServer("UPDATE blob SET received = 0")
        let studio = try await start("studio")
        try await eventually("the first waits") { try awaited(by: studio) > 0 }
        return (daemons[0], studio, first, second)
    }

    /// How many messages wait before a daemon's inbox.
    func awaited(by daemon: TestDaemon) throws -> Int {
        let queue = try DatabaseQueue(path: daemon.state.daemon() + "/inbox.db")
        defer { try? queue.close() }
        return try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM awaited") } ?? 0
    }
}
