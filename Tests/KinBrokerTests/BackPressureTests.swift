import GRDB
import KinBroker
import KinTesting
import KinWire
import Testing

@Suite struct BackPressureTests {
    @Test("with more than 1 MiB unanswered nothing more is read, until the store has caught up")
    func pauses() async throws {
        let bench = try BrokerBench()
        let daemon = try await bench.join()
        let leave = try bench.holdStore()
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

    @Test("a batch that cannot be stored is not overtaken by the next, though both are in one transaction")
    func failedTogether() async throws {
        let bench = try BrokerBench()
        let daemon = try await bench.join()
        let file = try await failWrites(of: "m2", bench)
        let leave = try bench.holdStore()
        daemon.receive(try (1...2).map { try daemon.send("m\($0)", to: daemon.member, seq: Int64($0)) })
        daemon.receive([try daemon.send("m3", to: daemon.member, seq: 3)])
        leave.open()
        for id in ["m1", "m2", "m3"] { #expect(try await daemon.nack(of: id).code == "storage_failed") }
        daemon.receive([try daemon.send("m4", to: daemon.member, seq: 4)])
        #expect(try await daemon.nack(of: "m4").code == "out_of_order")
        try await letWrite(file)
        daemon.receive(try (1...3).map { try daemon.send("m\($0)", to: daemon.member, seq: Int64($0)) })
        for turn in 1...3 { _ = try await daemon.ack(of: "m\(turn)") }
        #expect(try await daemon.pushes(3).map(\.id) == ["m1", "m2", "m3"])
    }

    @Test(
        "a repetition that the store failed on is known when it comes again: nothing behind it is refused, or overtaken"
    )
    func failedRepetition() async throws {
        let bench = try BrokerBench()
        let daemon = try await bench.join()
        daemon.receive([try daemon.send("m1", to: daemon.member, seq: 1)])
        _ = try await daemon.ack(of: "m1")
        let file = try await failWrites(of: "m1", bench)
        daemon.receive([try daemon.send("m1", to: daemon.member, seq: 1)])
        #expect(try await daemon.nack(of: "m1").code == "storage_failed")
        try await letWrite(file)
        daemon.receive(try (1...3).map { try daemon.send("m\($0)", to: daemon.member, seq: Int64($0)) })
        for turn in 1...3 { _ = try await daemon.ack(of: "m\(turn)") }
        #expect(try await daemon.pushes(3).map(\.id) == ["m1", "m2", "m3"])
    }

    /// The broker's own writes may be under way, so this waits for its turn.
    private func failWrites(of id: String, _ bench: BrokerBench) async throws -> DatabaseQueue {
        var patient = Configuration()
        patient.busyMode = .timeout(5)
        let file = try DatabaseQueue(path: bench.path, configuration: patient)
        try await file.write { db in
            try db.execute(
                sql: """
                    CREATE TRIGGER refusal BEFORE INSERT ON message WHEN NEW.client_message_id = '\(id)'
                    BEGIN SELECT RAISE(ABORT, 'no'); END
                    """)
        }
        return file
    }

    private func letWrite(_ file: DatabaseQueue) async throws {
        try await file.write { try $0.execute(sql: "DROP TRIGGER refusal") }
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
