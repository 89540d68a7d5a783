import Foundation
import GRDB
import KinSQLite
import KinTesting
import Synchronization
import Testing

@Suite struct GroupCommitTests {
    let folder: TemporaryFolder
    let database: DurableDatabase
    var path: String { folder.file("notes.db") }

    init() throws {
        folder = try TemporaryFolder()
        database = try Notes.open(folder.file("notes.db"))
    }

    /// Keeps the writer busy, so that what is submitted meanwhile becomes one group.
    private func whileWriterIsBusy(_ body: () throws -> Void) rethrows {
        let (entered, leave) = (Latch(), Latch())
        database.writer.submit { _ in
            entered.open()
            leave.wait()
        }
        entered.wait()
        defer { leave.open() }
        try body()
    }

    private func flush() async throws { try await database.writer.write { _ in } }

    @Test("writes take effect, and are answered, in the order of submission")
    func order() async throws {
        let answered = Answers()
        for turn in 0..<500 {
            database.writer.submit(.durable, Notes.add("\(turn)")) { answered.add("\(turn)", $0) }
        }
        try await flush()
        let expected = (0..<500).map { "\($0)" }
        #expect(answered.names == expected)
        #expect(try Notes.committed(path) == expected)
    }

    @Test("a write that fails takes back its own changes alone")
    func failsAlone() async throws {
        let answered = Answers()
        whileWriterIsBusy {
            database.writer.submit(.durable, Notes.add("first")) { answered.add("first", $0) }
            database.writer.submit { db in
                try Notes.add("taken back")(db)
                try Notes.add("first")(db)  // not unique
            } completion: {
                answered.add("second", $0)
            }
            database.writer.submit(.durable, Notes.add("third")) { answered.add("third", $0) }
        }
        try await flush()
        #expect(answered.names == ["first", "second", "third"])
        #expect(answered.failures == ["second"])
        #expect(try Notes.committed(path) == ["first", "third"])
    }

    @Test("a write alone that fails takes back what it did, and the next is not touched")
    func failsWithoutCompany() async throws {
        await #expect(throws: StoreError.self) {
            try await database.writer.write { db in
                try Notes.add("taken back")(db)
                try Notes.add("taken back")(db)  // not unique
            }
        }
        try await database.writer.write { try Notes.add("next")($0) }
        #expect(try Notes.committed(path) == ["next"])
    }

    @Test("a write that says so takes its whole group back, which then fails, and nothing after it is run")
    func failsTogether() async throws {
        let answered = Answers()
        let isRun = Mutex(false)
        whileWriterIsBusy {
            database.writer.submit(.durable, Notes.add("first")) { answered.add("first", $0) }
            database.writer.submit(failing: .group) { db in
                try Notes.add("first")(db)  // not unique
            } completion: {
                answered.add("second", $0)
            }
            database.writer.submit { _ in
                isRun.withLock { $0 = true }
            } completion: {
                answered.add("third", $0)
            }
        }
        try? await flush()  // may be of that group
        try await flush()
        #expect(answered.names == ["first", "second", "third"])
        #expect(answered.failures == ["first", "second", "third"])
        #expect(!isRun.withLock { $0 })
        #expect(try Notes.committed(path) == [])
    }

    @Test("an answer comes after the commit: another connection sees the write")
    func completionAfterCommit() async throws {
        let path = path
        for turn in 0..<20 {
            let seen = await withCheckedContinuation { (continuation: CheckedContinuation<[String]?, Never>) in
                database.writer.submit(.durable, Notes.add("\(turn)")) { _ in
                    continuation.resume(returning: try? Notes.committed(path))
                }
            }
            #expect(seen == (0...turn).map { "\($0)" })
        }
    }

    @Test("a write returns what its body returned, or throws its own error")
    func values() async throws {
        struct OwnError: Error, Equatable { let number: Int }
        #expect(try await database.writer.write { _ in 42 } == 42)
        await #expect(throws: OwnError(number: 7)) {
            try await database.writer.write { db in
                try Notes.add("taken back")(db)
                throw OwnError(number: 7)
            }
        }
        #expect(try Notes.committed(path) == [])
    }

    @Test("an error of SQLite's never repeats what was to be written")
    func discretion() async throws {
        _ = try await database.writer.write { db in try Notes.add("a secret text")(db) }
        let error = await #expect(throws: StoreError.self) {
            try await database.writer.write { db in try Notes.add("a secret text")(db) }
        }
        #expect(error?.code == .failed)
        #expect(error?.description.contains("secret") == false)
    }

    @Test("a rider alone is committed after its delay")
    func lonelyRider() async throws {
        let start = ContinuousClock.now
        let (failure, taken) = await withCheckedContinuation { continuation in
            database.writer.submit(.rider, Notes.add("rider")) {
                continuation.resume(returning: ($0, ContinuousClock.now - start))
            }
        }
        #expect(failure == nil)
        #expect(try Notes.committed(path) == ["rider"])
        #expect(taken >= .seconds(GroupCommit.riderDelay * 0.9), "it waits for company")
        #expect(taken < .seconds(GroupCommit.riderDelay + 5), "but not for ever")
    }

    @Test("a rider goes with the next durable write, in its place")
    func riderWithCompany() async throws {
        let answered = Answers()
        whileWriterIsBusy {
            database.writer.submit(.rider, Notes.add("rider")) { answered.add("rider", $0) }
            database.writer.submit(.durable, Notes.add("durable")) { answered.add("durable", $0) }
        }
        try await flush()
        #expect(answered.names == ["rider", "durable"])
        #expect(try Notes.committed(path) == ["rider", "durable"])
    }

    @Test("a group is bounded, and what is beyond it follows")
    func boundedGroups() async throws {
        let answered = Answers()
        let count = GroupCommit.maxGroup * 2 + 100
        whileWriterIsBusy {
            for turn in 0..<count {
                database.writer.submit(.durable, Notes.add("\(turn)")) { answered.add("\(turn)", $0) }
            }
        }
        try await flush()
        #expect(answered.names.count == count && answered.failures.isEmpty)
        #expect(try Notes.committed(path).count == count)
    }

    @Test("writers at the same time all have their write on disk when they are told so")
    func concurrentWriters() async throws {
        let (database, path) = (database, path)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<64 {
                group.addTask {
                    for turn in 0..<20 {
                        _ = try await database.writer.write { db in try Notes.add("\(writer)/\(turn)")(db) }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(Set(try Notes.committed(path)).count == 64 * 20)
    }

    @Test("closing finishes what is queued, riders too, and refuses the rest")
    func closing() async throws {
        let answered = Answers()
        let database = database
        whileWriterIsBusy {
            for turn in 0..<100 {
                database.writer.submit(turn.isMultiple(of: 2) ? .durable : .rider, Notes.add("\(turn)")) {
                    answered.add("\(turn)", $0)
                }
            }
            Thread.detachNewThread { database.close() }
        }
        database.close()
        #expect(answered.names.count == 100 && answered.failures.isEmpty)
        #expect(try Notes.committed(path).count == 100)
        database.writer.submit(.durable, Notes.add("late")) { answered.add("late", $0) }
        #expect(answered.failures == ["late"], "the refusal comes at once")
        let error = await #expect(throws: StoreError.self) {
            try await database.writer.write { db in try Notes.add("later")(db) }
        }
        #expect(error?.code == .closed)
        #expect(try Notes.committed(path).count == 100)
    }
}

/// Completions, in the order they ran.
private final class Answers: Sendable {
    private let list = Mutex<[(name: String, error: StoreError?)]>([])

    func add(_ name: String, _ error: StoreError?) { list.withLock { $0.append((name, error)) } }

    var names: [String] { list.withLock { $0.map(\.name) } }
    var failures: [String] { list.withLock { $0.filter { $0.error != nil }.map(\.name) } }
}
