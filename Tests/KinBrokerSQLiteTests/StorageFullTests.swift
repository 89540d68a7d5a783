import KinBroker
import KinBrokerSQLite
import KinEncoding
import KinTesting
import KinWire
import Testing

@Suite(.enabled(if: SmallDisk.isAvailable, "only root may mount a small disk"))
struct StorageFullTests {
    @Test("sends are refused as storage_full, to be sent again, and are taken when there is room")
    func fullAndBack() async throws {
        let disk = try SmallDisk(bytes: 4 << 20)
        let store = try SQLiteBrokerStore(path: disk.file("broker.db"))
        let mesh = try await store.createMesh(TestWallet().home, now: 1)
        try disk.occupy(bytes: 2 << 20)
        let recipient = ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10))

        var stored = 0
        var refused: Submission?
        for turn in 1...200 where refused == nil {
            let submission = try submission(turn, to: recipient)
            let answer = await accept([submission], store, mesh)
            if case .stored = answer[0] { stored += 1 } else { refused = submission }
            if refused != nil { #expect(answer == [.refused(.storageFull)]) }
        }
        let again = try #require(refused)
        #expect(stored > 5)
        let pending = try store.pending(
            for: recipient, in: mesh, priority: .next, topics: [], after: 0, limit: 1000, maxBytes: 1 << 30)
        #expect(pending.map(\.push.seq) == (1...Int64(stored)).map { $0 })

        try disk.release()
        guard case .stored(let id) = await accept([again], store, mesh)[0] else {
            Issue.record("the refused send is taken now")
            return
        }
        let duplicate = await accept([again], store, mesh)[0]
        #expect(duplicate == .duplicate(id: id, firstSeenAt: 5))
        store.close()
    }

    private func submission(_ turn: Int, to recipient: ULID) throws -> Submission {
        Submission(
            send: Send(
                clientMessageID: try ClientMessageID("m\(turn)").orThrow("id"),
                requestFingerprint: [UInt8](repeating: 1, count: 32), line: [1, 2, 3, 4, 5, 6, 7, 8],
                seq: Int64(turn), destination: .dm(recipient), priority: .next),
            body: [UInt8](repeating: 1, count: 40_000))
    }

    private func accept(_ batch: [Submission], _ store: SQLiteBrokerStore, _ mesh: MeshKey) async -> [Acceptance] {
        let sender = ULID(milliseconds: 2, randomness: [UInt8](repeating: 2, count: 10))
        return await withCheckedContinuation { continuation in
            store.accept(batch, from: sender, in: mesh, wary: false, now: 5) { _ in
                nil
            } completion: {
                continuation.resume(returning: $0)
            }
        }
    }
}
