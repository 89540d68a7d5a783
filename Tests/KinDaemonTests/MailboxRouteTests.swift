import Foundation
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import Testing

/// What a user does with what came, and what senders learn of it.
@Suite struct MailboxRouteTests {
    private func configure(_ house: House, _ name: String, _ text: String) async throws {
        let state = try await house.home(name)
        try Data(text.utf8).write(to: URL(fileURLWithPath: state.configPath))
    }

    @Test("what a reader says was read its sender sees, with the time; once, and over a restart of the sender")
    func read() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let answer = try await daemons[0].send("news", to: "studio")
            _ = try await daemons[1].bodies(1)
            let message = try #require(try await daemons[1].inbox().first)
            try await daemons[0].stop()
            #expect(try await daemons[1].client.markRead([message.id, 99]).read == [message.id])
            #expect(try await daemons[1].client.markRead([message.id]).read == [])
            let laptop = try await house.start("laptop")
            let status = try await laptop.waits(for: answer.clientMessageID, toBe: .read)
            let shown = try #require(try await daemons[1].inbox().first)
            #expect(shown.readAt != nil && status.readAt != nil && status.deliveredAt != nil)
            let refused = try await daemons[1].call(.POST, "/v1/inbox/read", #"{"ids":["a"]}"#)
            #expect(refused.status == 400)
        }
    }

    @Test("a message that comes too late is refused, and its sender sees by whom and why, finally")
    func refused() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let studio = daemons[1]
            try await house.server.stop()
            let answer = try await daemons[0].send("hasty", to: "studio", id: "hasty")
            try await daemons[0].stop()
            // As of a machine whose clock is ahead: nothing a recipient takes.
            try house.age(answer.clientMessageID, of: daemons[0].state, by: -600_000)
            try await house.server.start()
            let laptop = try await house.start("laptop")
            let status = try await laptop.waits(for: answer.clientMessageID, toBe: .refused)
            #expect(status.lastError == "wrong_time" && status.refusedAt != nil && status.relayedAt != nil)
            #expect(status.deliveredAt == nil)
            #expect(try await laptop.client.outbox(OutboxParameters(isFailed: true)).messages == [status])
            #expect(try await laptop.client.health().outboxRefused == 1)
            let again = try await laptop.post(#"{"to":"studio","message":"hasty","client_message_id":"hasty"}"#)
            #expect(again.status == 200 && again["status"] == .string("refused"))
            #expect(try await studio.inbox() == [])
            let new = try await laptop.client.requeue(answer.clientMessageID)
            try await laptop.waits(for: new.clientMessageID, toBe: .delivered)
            #expect(try await studio.bodies(1) == ["hasty"])
        }
    }

    @Test("what was sent and received is shown together, or one side of it")
    func history() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio", "kiosk")
            let (laptop, studio) = (daemons[0], daemons[1])
            let first = try await laptop.send("1", to: "studio")
            try await laptop.waits(for: first.clientMessageID, toBe: .delivered)
            _ = try await studio.send("2", to: "laptop")
            _ = try await laptop.bodies(1)
            _ = try await daemons[2].send("3", to: "laptop")
            _ = try await laptop.bodies(2)
            _ = try await laptop.send("4", to: "kiosk")
            let texts = { (parameters: HistoryParameters) in
                try await laptop.client.history(parameters).messages.map { entry in
                    switch entry {
                    case .sent(let message): "to \(message.status.to): \(message.message ?? "")"
                    case .received(let message): "from \(message.from): \(message.body)"
                    }
                }
            }
            let all = ["to studio: 1", "from studio: 2", "from kiosk: 3", "to kiosk: 4"]
            #expect(try await texts(HistoryParameters()) == all)
            #expect(try await texts(HistoryParameters(from: "studio")) == [all[1]])
            #expect(try await texts(HistoryParameters(to: "kiosk")) == [all[3]])
            #expect(try await texts(HistoryParameters(to: "studio", from: "studio")) == Array(all.prefix(2)))
            #expect(try await texts(HistoryParameters(last: 3)) == Array(all.suffix(3)))
            let page = try await laptop.client.history(HistoryParameters(limit: 3))
            #expect(try await texts(HistoryParameters(cursor: page.cursor, limit: 3)) == [all[3]])
            let unknown = try await laptop.call(.GET, "/v1/history?from=nobody")
            #expect(unknown.status == 404 && unknown.code == .string("unknown_recipient"))
        }
    }

    @Test("the inbox is searched where it is switched on; else the setting is named")
    func search() async throws {
        try await House.run { house in
            try await configure(house, "studio", "[capabilities]\ninbox_fts = true\n")
            let daemons = try await house.start(family: "laptop", "studio")
            for text in ["the disk is full", "build is green", "another disk"] {
                _ = try await daemons[0].send(text, to: "studio")
            }
            _ = try await daemons[1].bodies(3)
            let found = try await daemons[1].client.inbox(InboxParameters(words: "disk")).messages
            #expect(found.map(\.body) == ["the disk is full", "another disk"])
            let page = try await daemons[1].client.inbox(InboxParameters(words: "disk", limit: 1))
            let rest = try await daemons[1].client.inbox(
                InboxParameters(words: "disk", cursor: page.cursor, from: "laptop", limit: 1))
            #expect(page.messages + rest.messages == found && rest.cursor == nil)
            for query in ["", "?q=", "?q=%20", "?q=--"] {
                let answer = try await daemons[1].call(.GET, "/v1/inbox/search\(query)")
                #expect(answer.status == 400 && answer.code == .string("invalid_request"), "\(query)")
            }
            let off = try await daemons[0].call(.GET, "/v1/inbox/search?q=disk")
            #expect(off.status == 409 && off.code == .string("search_off"))
        }
    }

    @Test("a max_age_hours above the broker's window ends the daemon with its line; accepting duplicates lets it go on")
    func window() async throws {
        try await House.run { house in
            try await FakeBroker.run(.serves { $0.ack }) { broker in
                try await configure(house, "laptop", "# mine\n[outbox]\nmax_age_hours = 49\n")
                let laptop = try await house.start("laptop", servers: [broker.url])
                let error = try #require(try await laptop.service.end().error as? KinError)
                #expect(error.code == "config_invalid" && error.category == .usage)
                #expect(error.message.contains("line 5") && error.message.contains("48 h"))
                try await configure(
                    house, "laptop", "[outbox]\nmax_age_hours = 49\naccept_duplicates_after_window = true\n")
                let again = try await house.start("laptop", servers: [broker.url])
                try await again.isConnected()
                try await again.stop()
            }
        }
    }

    @Test("a message older than max_age_hours dies with that reason when it would leave")
    func tooOld() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            try await house.server.stop()
            let answer = try await daemons[0].send("old", to: "studio")
            let young = try await daemons[0].send("young", to: "studio")
            try await daemons[0].stop()
            try house.age(answer.clientMessageID, of: daemons[0].state, by: 2 * 3_600_000)
            try await configure(
                house, "laptop", "name = \"laptop\"\nservers = [\"\(house.server.url)\"]\n[outbox]\nmax_age_hours = 1\n"
            )
            try await house.server.start()
            let laptop = try await house.start("laptop")
            #expect(try await laptop.waits(for: answer.clientMessageID, toBe: .dead).lastError == "max_age")
            try await laptop.waits(for: young.clientMessageID, toBe: .delivered)
        }
    }

    @Test("health tells the outbox's pressure, listeners once, and nothing new is taken above it")
    func pressure() async throws {
        try await House.run { house in
            try await configure(house, "laptop", "[outbox]\nmax_bytes = 1048576\n")
            let daemons = try await house.start(family: "laptop", "studio")
            try await house.server.stop()
            let heard = Observed([DaemonEvent]())
            let events = try await daemons[0].client.events()
            let task = Task { for try await event in events { heard.update { $0.append(event) } } }
            defer { task.cancel() }
            let text = String(repeating: "x", count: 40_000)
            let requests = (0..<20).map { _ in SendRequest(to: "studio", message: text) }
            var refusal: KinError?
            for _ in 0..<30 where refusal == nil {
                refusal = try await daemons[0].client.send(SendBatch(messages: requests)).refusal
            }
            #expect(refusal?.code == "insufficient_storage" && refusal?.category == .exhausted)
            let health = try await daemons[0].client.health()
            #expect(health.outboxMaxBytes == 1_048_576 && health.outboxBytes > 950_000)
            #expect(["high", "refusing"].contains(health.outboxPressure))
            let told = try await heard.wait { $0.contains { $0.kind == .outboxPressureHigh } }
            #expect(told.filter { $0.kind == .outboxPressureHigh }.count == 1)
            let answer = try await daemons[0].post(#"{"to":"studio","message":"\#(text)"}"#)
            #expect(answer.status == 507 && answer.code == .string("insufficient_storage"))
            try await house.server.start()
            try await eventually("there is room again", within: .seconds(30)) {
                try await daemons[0].client.health().outboxPressure == "none"
            }
        }
    }
}
