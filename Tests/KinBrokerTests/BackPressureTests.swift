import KinBroker
import KinTesting
import KinWire
import Testing

@Suite struct BackPressureTests {
    @Test("with more than 1 MiB unanswered nothing more is read, until the store has caught up")
    func pauses() async throws {
        let bench = try BrokerBench()
        let daemon = try await bench.join()
        let mesh = try bench.store.loadMeshes()[0].key
        let (entered, leave) = (Latch(), Latch())
        let blocker = try daemon.send("blocker", to: daemon.member)
        guard case .send(let send) = try ReceivedFrame(blocker).message else { throw MissingValue("a send") }
        bench.store.accept([Submission(send: send, body: [1])], from: daemon.member, in: mesh, now: 1) { _ in
            entered.open()
            leave.wait()
            return .expired
        } completion: { _ in
        }
        entered.wait()
        let body = [UInt8](repeating: 1, count: 65_536)
        for turn in 1...16 {
            daemon.receive([try daemon.send("m\(turn)", to: daemon.member, seq: Int64(turn), body: body)])
        }
        #expect(daemon.sink.pauses == [])
        daemon.receive([try daemon.send("m17", to: daemon.member, seq: 17, body: body)])
        #expect(daemon.sink.pauses == [true])
        daemon.receive([try daemon.send("m18", to: daemon.member, seq: 18, body: body)])
        #expect(daemon.sink.pauses == [true], "paused once")
        leave.open()
        try await daemon.sink.paused([true, false])
        for turn in 1...18 { _ = try await daemon.ack(of: "m\(turn)") }
    }

    @Test(
        "a store that is full refuses, and the session goes on when there is room",
        .enabled(if: SmallDisk.isAvailable, "only root may mount a small disk"))
    func storageFull() async throws {
        let disk = try SmallDisk(bytes: 4 << 20)
        let bench = try BrokerBench(disk: disk)
        let daemon = try await bench.join()
        try disk.occupy(bytes: 2 << 20)
        let body = [UInt8](repeating: 1, count: 65_536)
        var full: Int?
        for turn in 1...100 where full == nil {
            daemon.receive([try daemon.send("m\(turn)", to: daemon.member, seq: Int64(turn), body: body)])
            if case .nack(let nack) = try await daemon.answer(to: "m\(turn)") {
                #expect(nack.code == "storage_full" && nack.retryable)
                full = turn
            }
        }
        let turn = try #require(full)
        daemon.receive([try daemon.send("later", to: daemon.member, seq: Int64(turn) + 1)])
        #expect(try await daemon.nack(of: "later").code == "out_of_order")
        try disk.release()
        daemon.receive([
            try daemon.send("m\(turn)", to: daemon.member, seq: Int64(turn), body: body),
            try daemon.send("later", to: daemon.member, seq: Int64(turn) + 1),
        ])
        _ = try await daemon.ack(of: "m\(turn)")
        _ = try await daemon.ack(of: "later")
    }
}
