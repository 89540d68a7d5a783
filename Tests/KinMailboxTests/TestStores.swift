import Foundation
import GRDB
import KinMailbox
import KinTesting
import KinWire
import Synchronization

/// The stores of one daemon, in a folder of their own.
final class TestStores: Sendable {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    init(at folder: TemporaryFolder) throws { self.folder = folder }

    var outbox: String { folder.file("outbox.db") }
    var inbox: String { folder.file("inbox.db") }

    /// The line is made of the byte `line`.
    func openOutbox(line: UInt8 = 9) throws -> OutboxStore {
        try OutboxStore(path: outbox) { [UInt8](repeating: line, count: 8) }
    }

    /// What the file holds, read beside the store.
    func read<T>(_ file: String, _ sql: String, _ value: (Row) -> T) throws -> [T] {
        let queue = try DatabaseQueue(path: file)
        defer { try? queue.close() }
        return try queue.read { try Row.fetchAll($0, sql: sql).map(value) }
    }

    /// Changes the file beside the store.
    func write(_ file: String, _ sql: String) throws {
        let queue = try DatabaseQueue(path: file)
        defer { try? queue.close() }
        try queue.write { try $0.execute(sql: sql) }
    }

    /// Makes a file that holds nothing.
    func empty(_ file: String) throws {
        try Data().write(to: URL(filePath: file))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
    }

    /// Permission bits of a file.
    func mode(_ file: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
    }
}

/// What happened, in order; written from any thread.
final class Log<Entry: Sendable>: Sendable {
    private let state = Mutex<[Entry]>([])

    var entries: [Entry] { state.withLock { $0 } }

    func add(_ entry: Entry) { state.withLock { $0.append(entry) } }
}

extension OutboxStore {
    func accept(_ request: OutboxRequest) async throws -> AcceptOutcome { try await accept(request) { _ in } }

    func requeue(_ id: String, as request: OutboxRequest, at time: Int64 = 5000) async throws -> OutboxRow {
        try await requeue(Sample.id(id), as: request, at: time) { _ in }
    }

    func drop(_ id: String, at time: Int64 = 5000) async throws -> OutboxRow {
        try await drop(Sample.id(id), at: time)
    }

    /// Applies a receipt and waits until its effect is on disk.
    func apply(_ receipt: Receipt, from signer: UInt8) async -> [ClientMessageID]? {
        await withCheckedContinuation { continuation in
            apply(receipt, from: Sample.member(signer)) { continuation.resume(returning: $0) }
        }
    }

    /// Waits until everything submitted before is on disk.
    func flush() async { _ = await apply(Receipt(kind: .read, ids: [Sample.id("nobody")], at: 1), from: 99) }
}

extension InboxStore {
    /// Stores messages and gives what `receive` completes with.
    func receive(_ batch: [IncomingMessage], from intake: InboxIntake = InboxIntake()) async throws -> [InboxRow?] {
        try await withCheckedThrowingContinuation { continuation in
            receive(batch, from: intake) { result in continuation.resume(with: result.map { $0.map(\.row) }) }
        }
    }

    /// Ends a message's waiting and gives what `settle` completes with.
    func settle(_ id: Int64, _ end: AwaitedEnd) async throws -> AwaitedArrivals {
        try await withCheckedThrowingContinuation { continuation in
            settle(id, end) { continuation.resume(with: $0) }
        }
    }

    /// Notes refusals and gives what `refuse` completes with.
    func refuse(_ messages: [RefusedMessage]) async throws -> [Bool] {
        try await withCheckedThrowingContinuation { continuation in
            refuse(messages, from: InboxIntake()) { continuation.resume(with: $0) }
        }
    }

    /// Takes a page of history in and gives what `refill` completes with.
    @discardableResult
    func refill(_ page: RefillPage) async throws -> Int {
        try await withCheckedThrowingContinuation { continuation in
            refill(page) { continuation.resume(with: $0) }
        }
    }

    /// All receipts that are due, in their order.
    func due(limit: Int = 10) throws -> [DueReceipt] {
        var position = ReceiptPosition()
        var all: [DueReceipt] = []
        while true {
            let due = try receiptsDue(after: &position, limit: limit)
            if due.isEmpty { return all }
            all += due
        }
    }
}
