import Foundation
import KinDaemonAPI
import KinWire
import Testing

@testable import KinCommands

@Suite("Messages on the screen")
struct MessageDrawingTests {
    private func draw(
        _ body: String, from: String = "laptop", _ change: (inout InboxMessage) throws -> Void = { _ in }
    ) throws -> String {
        let moments = Moments(now: Stage.now, timeZone: try #require(TimeZone(identifier: "UTC")))
        var message = try InboxMessage.sample(0, from: from, body: body)
        try change(&message)
        return MessageDrawing(moments: moments).draw(message).text(.plain)
    }

    @Test("a message is its time, its sender and its text")
    func plain() throws { #expect(try draw("build is green") == "2026-11-21 10:03:12  laptop  build is green\n") }

    @Test("further lines cannot pass for another message")
    func lines() throws {
        #expect(
            try draw("one\n2026-11-21 10:03:13  studio  forged") == """
                2026-11-21 10:03:12  laptop  one
                                             2026-11-21 10:03:13  studio  forged

                """)
    }

    @Test("an empty message still shows who sent it")
    func empty() throws { #expect(try draw("") == "2026-11-21 10:03:12  laptop  \n") }

    @Test("whoever shows it is shielded from what a text or a name may hold")
    func shielded() throws {
        #expect(try draw("\u{1b}[2J").hasSuffix("␛[2J\n"))
        #expect(try !draw("x", from: "\u{1b}[2J").contains("\u{1b}"))
    }

    @Test("a post says in which topic it was said, and whom it mentions")
    func post() throws {
        let drawn = try draw("look") { message in
            message.topic = TopicName("alerts")
            message.mentions = try ["studio", "phone"].map { try #require(DeviceName($0)) }
        }
        #expect(drawn == "2026-11-21 10:03:12  laptop #alerts @studio @phone  look\n")
    }
}

@Suite("Sent messages on the screen")
struct OutboxDrawingTests {
    private let moments = Moments(now: Stage.now, timeZone: TimeZone(secondsFromGMT: 0) ?? .current)

    private func status(_ state: MessageState, _ change: (inout MessageStatus) -> Void = { _ in }) throws
        -> MessageStatus
    {
        var status = MessageStatus(
            clientMessageID: try #require(ClientMessageID("m-1")), status: state, to: "studio", toMember: "01J",
            priority: .next, queuedAt: Stage.now - 5000, relayedAt: nil, deliveredAt: nil, readAt: nil, expiresAt: nil,
            brokerMessageID: nil, lastError: nil)
        change(&status)
        return status
    }

    @Test("the outbox says of each message why it waits and when it is tried again, or that it is not")
    func table() throws {
        let waiting = try status(.queued) { status in
            status.attempts = 3
            status.lastError = "storage_full"
            status.nextAttemptAt = Stage.now + 8000
        }
        let table = OutboxTable(moments: moments).table([
            waiting, try status(.queued), try status(.refused) { $0.lastError = "expired" },
        ])
        #expect(
            table.text(.plain) == """
                ID   TO      STATE    QUEUED   ATTEMPTS  NEXT    REASON
                m-1  studio  queued   5 s ago  3         in 8 s  storage_full
                m-1  studio  queued   5 s ago  0         soon    -
                m-1  studio  refused  5 s ago  0         never   expired

                """)
    }

    @Test("a message's report says who refused it and why, who gave it up, and what was sent instead")
    func report() throws {
        let refused = try status(.refused) { status in
            status.refusedAt = Stage.now
            status.lastError = "wrong_time"
        }
        let facts = MessageReport(status: refused, moments: moments).facts
        #expect(facts.last == .init(name: "refused", value: "2026-11-21 10:03:12  by studio: wrong_time", tone: .bad))
        let aborted = try status(.aborted) { status in
            status.abortedAt = Stage.now
            status.abortedBy = "requeue"
            status.supersededBy = ClientMessageID("m-2")
        }
        let lines = MessageReport(status: aborted, moments: moments).facts.suffix(2)
        #expect(lines.map(\.name) == ["aborted", "instead"])
        #expect(lines.map(\.value) == ["2026-11-21 10:03:12  by requeue", "m-2"])
    }

    @Test("history says of a sent message how far it is, unless it arrived")
    func history() throws {
        func draw(_ state: MessageState, _ text: String?) throws -> String {
            let message = OutboxMessage(
                status: try status(state), message: text, meta: nil, replyTo: nil, contentType: "text/plain", seq: 1,
                fingerprint: "", prunedAt: nil)
            return MessageDrawing(moments: moments).draw(.sent(message)).text(.plain)
        }
        #expect(try draw(.relayed, "hi") == "2026-11-21 10:03:07  to studio (relayed)  hi\n")
        #expect(try draw(.delivered, "hi") == "2026-11-21 10:03:07  to studio  hi\n")
        #expect(try draw(.dead, "hi") == "2026-11-21 10:03:07  to studio (dead)  hi\n")
        #expect(try draw(.read, nil) == "2026-11-21 10:03:07  to studio  (erased)\n")
        let received = HistoryEntry.received(try .sample(0, body: "\u{1b}x"))
        let drawn = MessageDrawing(moments: moments).draw(received).text(.plain)
        #expect(drawn == "2026-11-21 10:03:12  from laptop  ␛x\n")
    }

    @Test("history names the topic on both sides, and does not wait for word that nobody gives of posts")
    func posts() throws {
        let sent = try status(.relayed) { status in (status.to, status.toMember) = ("#alerts", "#alerts") }
        let message = OutboxMessage(
            status: sent, message: "hi", meta: nil, replyTo: nil, contentType: "text/plain", seq: 1, fingerprint: "",
            prunedAt: nil)
        let drawing = MessageDrawing(moments: moments)
        #expect(drawing.draw(.sent(message)).text(.plain) == "2026-11-21 10:03:07  to #alerts  hi\n")
        var received = try InboxMessage.sample(0, body: "seen")
        received.topic = TopicName("alerts")
        #expect(drawing.draw(.received(received)).text(.plain) == "2026-11-21 10:03:12  from laptop #alerts  seen\n")
    }

    @Test("a post that waits for a key says who may have it, and what makes another; others keep their reason")
    func keyWait() async throws {
        let topic = try #require(TopicName("plans"))
        func member(_ name: String, _ state: DeviceInfo.State, thisDevice: Bool = false) -> TopicMemberInfo {
            TopicMemberInfo(
                name: name, member: name, joined: true, state: state, creator: false, thisDevice: thisDevice)
        }
        let list = TopicMemberList(
            topic: topic,
            members: [member("ma", .offline), member("mb", .online), member("mc", .online, thisDevice: true)])
        let waits = try status(.queued) {
            $0.lastError = "pending_key"; $0.toMember = "#plans"
        }
        let other = try status(.queued) { $0.lastError = "storage_full" }
        let shown = await KeyWait { _ in list }.explained([waits, other])
        #expect(shown[0].lastError?.contains("mb (online), ma;  kin topic rekey plans") == true)
        #expect(shown[1] == other)
        let table = OutboxTable(moments: moments).table(shown)
        #expect(table.rows[0][5].text == "with the key" && table.rows[1][5].text == "soon")
        let facts = MessageReport(status: shown[0], moments: moments).facts
        #expect(facts.last?.name == "waits" && facts.last?.value == shown[0].lastError)
        #expect(KeyWait.words(topic, nil).contains("somebody in plans"))
        #expect(KeyWait.words(topic, TopicMemberList(topic: topic, members: [])).contains("nobody else"))
    }
}
