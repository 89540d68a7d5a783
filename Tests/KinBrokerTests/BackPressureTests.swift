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
        // The broker's own writes may still be under way.
        var patient = Configuration()
        patient.busyMode = .timeout(5)
        let file = try DatabaseQueue(path: bench.path, configuration: patient)
        try await file.write { db in
            try db.execute(
                sql: """
                    CREATE TRIGGER refusal BEFORE INSERT ON message WHEN NEW.client_message_id = 'm2'
                    BEGIN SELECT RAISE(ABORT, 'no'); END
                    """)
        }
        let leave = try bench.holdStore()
        daemon.receive(try (1...2).map { try daemon.send("m\($0)", to: daemon.member, seq: Int64($0)) })
        daemon.receive([try daemon.send("m3", to: daemon.member, seq: 3)])
        leave.open()
        for id in ["m1", "m2", "m3"] { #expect(try await daemon.nack(of: id).code == "storage_failed") }
        daemon.receive([try daemon.send("m4", to: daemon.member, seq: 4)])
        #expect(try await daemon.nack(of: "m4").code == "out_of_order")
        try await file.write { try $0.execute(sql: "DROP TRIGGER refusal") }
        daemon.receive(try (1...3).map { try daemon.send("m\($0)", to: daemon.member, seq: Int64($0)) })
        for turn in 1...3 { _ = try await daemon.ack(of: "m\(turn)") }
        #expect(try await daemon.pushes(3).map(\.id) == ["m1", "m2", "m3"])
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
