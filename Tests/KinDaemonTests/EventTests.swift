import KinDaemonAPI
import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import Testing

@Suite struct EventTests {
    /// Listens in the background and keeps what comes.
    private func listen(
        to daemon: TestDaemon, after id: Int64? = nil
    ) async throws -> (heard: Observed<[DaemonEvent]>, task: Task<Void, any Error>) {
        let heard = Observed([DaemonEvent]())
        let events = try await daemon.client.events(after: id)
        let task = Task { for try await event in events { heard.update { $0.append(event) } } }
        return (heard, task)
    }

    private func bodies(_ events: [DaemonEvent]) -> [String] {
        events.filter { $0.kind == .message }.compactMap { event in
            guard case .object(let members) = event.data, case .string(let body)? = members["body"] else { return nil }
            return body
        }
    }

    @Test("a listener hears of a message as the inbox shows it, and the sender of its receipt")
    func messageAndReceipt() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let (atLaptop, one) = try await listen(to: daemons[0])
            let (atStudio, two) = try await listen(to: daemons[1])
            let answer = try await daemons[0].send("news", to: "studio")
            let heard = try await atStudio.wait { $0.contains { $0.kind == .message } }
            let message = try #require(try await daemons[1].inbox().first)
            #expect(
                heard.filter { $0.kind == .message } == [
                    DaemonEvent(kind: .message, id: message.id, data: message.json)
                ])
            let told = try await atLaptop.wait { $0.contains { $0.kind == .receipt } }
            let receipt = try #require(told.first { $0.kind == .receipt })
            guard case .object(let members) = receipt.data else { return }
            #expect(members["client_message_id"] == .string(answer.clientMessageID.description))
            #expect(members["status"] == .string("delivered") && receipt.id == nil)
            one.cancel()
            two.cancel()
        }
    }

    @Test(
        "with Last-Event-ID a listener gets what it missed and then what comes, across a restart, without loss or repeat"
    )
    func resumes() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let laptop = daemons[0]
            let (first, task) = try await listen(to: daemons[1])
            for number in 1...5 { _ = try await laptop.send("\(number)", to: "studio") }
            let heard = try await first.wait { bodies($0).count == 5 }
            let last = try #require(heard.last { $0.kind == .message }?.id)
            try await daemons[1].stop()
            _ = try? await task.value
            for number in 6...10 { _ = try await laptop.send("\(number)", to: "studio") }

            let studio = try await house.start("studio")
            let (second, again) = try await listen(to: studio, after: last)
            for number in 11...20 { _ = try await laptop.send("\(number)", to: "studio") }
            let rest = try await second.wait { bodies($0).count >= 15 }
            #expect(bodies(rest) == (6...20).map(String.init))
            let ids = rest.compactMap(\.id)
            #expect(ids == ids.sorted() && Set(ids).count == 15 && ids.allSatisfy { $0 > last })
            again.cancel()
            let (all, everything) = try await listen(to: studio, after: 0)
            #expect(bodies(try await all.wait { bodies($0).count >= 20 }) == (1...20).map(String.init))
            everything.cancel()
        }
    }

    @Test("listeners that come in the middle of a stream of messages miss none and see none twice")
    func resumesUnderLoad() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let (laptop, studio) = (daemons[0], daemons[1])
            let sending = Task { for number in 1...300 { _ = try await laptop.send("\(number)", to: "studio") } }
            var listeners: [(heard: Observed<[DaemonEvent]>, task: Task<Void, any Error>)] = []
            for count in [1, 60, 120] {
                _ = try await studio.bodies(count)
                listeners.append(try await listen(to: studio, after: 0))
            }
            try await sending.value
            for listener in listeners {
                let heard = try await listener.heard.wait { bodies($0).count >= 300 }
                #expect(bodies(heard) == (1...300).map(String.init))
                listener.task.cancel()
            }
        }
    }

    @Test("comings and goings are told: of peers, of this device's connection, of a new device")
    func presence() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            try await laptop.isConnected()
            let (heard, task) = try await listen(to: laptop)
            let studio = try await house.start("studio")
            try await heard.wait {
                $0.contains { $0.kind == .deviceNew && $0.data == .object(["name": .string("studio")]) }
            }
            try await studio.isConnected()
            try await studio.stop()
            let left = try await heard.wait { $0.contains { $0.kind == .peerLeave } }
            guard case .object(let who)? = left.first(where: { $0.kind == .peerLeave })?.data else { return }
            #expect(who == ["member": .string(studio.version.member.description), "name": .string("studio")])
            _ = try await house.start("studio")
            try await heard.wait { $0.contains { $0.kind == .peerJoin } }
            try await house.server.stop()
            try await heard.wait { $0.contains { $0.kind == .daemonDisconnect } }
            try await house.server.start()
            try await heard.wait { $0.contains { $0.kind == .daemonReconnect } }
            task.cancel()
        }
    }

    @Test("a Last-Event-ID that is none is refused")
    func badID() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            for id in ["x", "-", "", "1.5"] {
                let answer = try await laptop.call(.GET, "/v1/events", headers: [("Last-Event-ID", id)])
                #expect(answer.status == 400 && answer.code == .string("invalid_request"), "\(id)")
            }
        }
    }

    @Test("32 listeners are served, the next is asked to come later, and a place becomes free when one leaves")
    func tooMany() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            var listeners: [Task<Void, any Error>] = []
            for _ in 0..<32 { listeners.append(try await listen(to: laptop).task) }
            let answer = try await laptop.call(.GET, "/v1/events")
            #expect(answer.status == 429 && answer.code == .string("too_many_streams"))
            #expect(answer["error", "retryable"] == .bool(true))
            listeners.removeLast().cancel()
            let place = try await eventually("a place is free") { try? await listen(to: laptop).task }
            for listener in listeners + [place] { listener.cancel() }
        }
    }
}
