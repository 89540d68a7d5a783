import Foundation
import KinTesting
import KinWire
import Testing

@testable import KinMailbox

/// Damage that no check sees, and that an inbox meets while it is in use.
@Suite struct InboxDamageTests {
    let files: TestStores
    private static let now: Int64 = 1_795_255_392_000

    init() throws { files = try TestStores() }

    private func open() throws -> InboxStore.Opening {
        let opening = try InboxStore.open(path: files.inbox, isIndexed: true, now: Self.now)
        // As a daemon does.
        opening.store.onDamage { _ in }
        return opening
    }

    private func fill() async throws {
        let store = try InboxStore(path: files.inbox, isIndexed: true)
        for number in 1...60 { _ = try await store.receive([.sample("m\(number)", body: "word\(number) hello")]) }
        store.close()
    }

    private func found(_ words: String, in store: InboxStore) throws -> Int {
        try store.page(InboxQuery(words: SearchWords(words), limit: 100, maxBytes: 1 << 20)).rows.count
    }

    /// What a read that meets the damage says.
    private func expectDamage(_ read: () throws -> Void) {
        let error = #expect(throws: KinError.self) { try read() }
        #expect(error?.code == "store_corrupt" && error?.message.contains("start the daemon again") == true)
        #expect(error?.message.contains("move it away") == false, "the next start does more")
    }

    private var isMarked: Bool { FileManager.default.fileExists(atPath: files.inbox + ".damaged") }

    private static let indexDamage = "UPDATE inbox_fts_data SET block = x'ffffffffffffffffffffffff' WHERE id = 10"
    private static let rowDamage = "UPDATE inbox SET sender_member = 'garbage!' WHERE id = 30"

    @Test("where the index alone is damaged the next opening builds it anew, and nothing is set aside")
    func index() async throws {
        try await fill()
        try files.write(files.inbox, Self.indexDamage)
        let store = try open().store
        expectDamage { _ = try found("hello", in: store) }
        store.close()
        #expect(isMarked)
        let again = try open()
        #expect(try again.setAside == nil && found("hello", in: again.store) == 60 && again.store.count() == 60)
        #expect(try again.store.refillMark() == nil && !isMarked)
        _ = try await again.store.receive([.sample("new", body: "hello new")])
        #expect(try found("hello", in: again.store) == 61)
        again.store.close()
    }

    @Test("a row that cannot be read sets the file aside at the next opening, once")
    func row() async throws {
        try await fill()
        try files.write(files.inbox, Self.rowDamage)
        let opening = try open()
        #expect(opening.setAside == nil, "no check sees it")
        expectDamage { _ = try opening.store.page(InboxQuery(limit: 100, maxBytes: 1 << 20)) }
        opening.store.close()
        let again = try open()
        #expect(again.setAside == "\(files.inbox).corrupt-\(Self.now)")
        #expect(try again.store.refillMark() != nil && again.store.count() == 0 && !isMarked)
        again.store.close()
        let third = try open()
        #expect(third.setAside == nil)
        third.store.close()
    }

    @Test("with index and row both damaged the second time sets it aside")
    func both() async throws {
        try await fill()
        try files.write(files.inbox, Self.indexDamage + "; " + Self.rowDamage)
        for _ in 0..<2 {
            let opening = try open()
            #expect(opening.setAside == nil)
            expectDamage { _ = try found("hello", in: opening.store) }
            opening.store.close()
        }
        let opening = try open()
        #expect(opening.setAside != nil)
        opening.store.close()
    }

    @Test("a crash before the exchange is decided forgets nothing of it, one after does not repeat it")
    func crash() async throws {
        struct Crash: Error {}
        try await fill()
        try files.write(files.inbox, Self.rowDamage)
        let store = try open().store
        expectDamage { _ = try store.page(InboxQuery(limit: 100, maxBytes: 1 << 20)) }
        store.close()
        #expect(throws: KinError.self) {
            try InboxStore.open(path: files.inbox, isIndexed: true, now: Self.now) { throw Crash() }
        }
        #expect(isMarked)
        let opening = try open()
        #expect(opening.setAside == "\(files.inbox).corrupt-\(Self.now)" && !isMarked)
        opening.store.close()
        let again = try open()
        #expect(again.setAside == nil)
        again.store.close()
    }

    @Test("a mark whose inbox was moved away is about nothing")
    func stale() throws {
        #expect(FileManager.default.createFile(atPath: files.inbox + ".damaged", contents: nil))
        let opening = try open()
        #expect(try opening.setAside == nil && opening.store.refillMark() == nil && !isMarked)
        opening.store.close()
    }
}
