import KinMailbox
import KinTesting
import KinWire
import Testing

/// How much may wait, and for how long.
@Suite struct OutboxLimitTests {
    let files: TestStores

    init() throws { files = try TestStores() }

    // MARK: Age

    @Test(
        "messages are sent for the window less 4 %, at least an hour, or as configured where that is less",
        arguments: [
            (nil, 24, 23 * 60), (nil, 25, 24 * 60), (nil, 50, 48 * 60), (nil, 168, 9676), (nil, 100_000, 168 * 60),
            (nil, nil, 168 * 60), (12, 24, 12 * 60), (24, 24, 23 * 60), (200, nil, 200 * 60), (300, 400, 300 * 60),
        ] as [(Int64?, Int64?, Int64)])
    func age(configured: Int64?, window: Int64?, minutes: Int64) {
        #expect(OutboxAge(configuredHours: configured).milliseconds(window: window).map { $0 / 60_000 } == minutes)
    }

    @Test("more than the window is only for those who accept duplicates")
    func aboveWindow() {
        #expect(OutboxAge(configuredHours: 25).milliseconds(window: 24) == nil)
        let bold = OutboxAge(configuredHours: 25, acceptsDuplicates: true)
        #expect(bold.milliseconds(window: 24) == Int64(25 * 3_600_000))
        #expect(OutboxAge(acceptsDuplicates: true).milliseconds(window: 24) == Int64(23 * 3_600_000))
    }

    // MARK: Room

    /// An outbox for 10 messages of a kilobyte or so.
    private func open(_ told: Log<Int64> = Log()) throws -> OutboxStore {
        try OutboxStore(path: files.outbox, maxBytes: 10_000, pressureHigh: { used, _ in told.add(used) }) {
            [UInt8](repeating: 1, count: 8)
        }
    }

    private func message(_ id: String) -> OutboxRequest {
        // The form of a payload adds 39 bytes.
        Sample.request(id, content: .init(body: String(repeating: "x", count: 1000 - 39)))
    }

    private func fill(_ store: OutboxStore, _ range: ClosedRange<Int>) async throws {
        for number in range { _ = try await store.accept(message("m\(number)")) }
    }

    private func relay(_ store: OutboxStore, _ range: ClosedRange<Int>) async {
        store.markRelayed(
            range.map { Ack(clientMessageID: Sample.id("m\($0)"), brokerMessageID: Int64($0), duplicate: false) },
            at: 2000)
        await store.flush()
    }

    @Test("80 % is told once each time it is reached, and 95 % is the end; room comes back as messages leave")
    func pressure() async throws {
        let told = Log<Int64>()
        let store = try open(told)
        try await fill(store, 1...7)
        #expect(store.usage.bytes == 7000 && store.usage.pressure == .none && told.entries == [])
        try await fill(store, 8...9)
        #expect(store.usage.pressure == .high && told.entries == [8000])
        let error = await #expect(throws: KinError.self) { _ = try await store.accept(message("m10")) }
        #expect(error?.code == "insufficient_storage" && error?.category == .exhausted && error?.retryable == true)
        #expect(try store.row(Sample.id("m10")) == nil && store.usage.bytes == 9000)
        #expect(try await store.accept(message("m9")).row.status == .pending)
        await relay(store, 1...2)
        #expect(store.usage.bytes == 7000 && store.usage.pressure == .none)
        try await fill(store, 10...11)
        #expect(told.entries == [8000, 8000])
    }

    @Test("dying, dropping and sending in its place give the room back; another store takes it again")
    func accounts() async throws {
        let store = try open()
        try await fill(store, 1...4)
        store.markDead(Sample.id("m1"), reason: "expired")
        _ = try await store.drop("m2")
        _ = try await store.requeue("m3", as: message("m5"))
        #expect(store.usage.bytes == 2000)
        _ = try await store.drop("m1")
        await relay(store, 4...4)
        #expect(store.usage.bytes == 1000)
        store.moved(to: [1], lastMessageID: 9, notBefore: 0) { _ in }
        store.moved(to: [2], lastMessageID: 9, notBefore: 0) { _ in }
        await store.flush()
        #expect(store.usage.bytes == 2000)
    }

    @Test("what waits is counted again when the file is opened, and a smaller limit only stops sending")
    func reopened() async throws {
        let store = try files.openOutbox()
        try await fill(store, 1...12)
        store.close()
        let again = try open()
        #expect(again.usage.bytes == 12_000 && again.usage.pressure == .full)
        await #expect(throws: KinError.self) { _ = try await again.accept(message("m13")) }
        await relay(again, 1...3)
        #expect(again.usage.pressure == .high)
        await relay(again, 4...12)
        #expect(again.usage.pressure == .none && again.usage.bytes == 0)
    }

    @Test("from 95 % on it says that it refuses")
    func refusing() async throws {
        let store = try open()
        try await fill(store, 1...9)
        _ = try await store.accept(Sample.request("small", content: .init(body: String(repeating: "x", count: 461))))
        #expect(store.usage.bytes == 9500 && store.usage.pressure == .refusing)
    }

    @Test("a full disk is known as such, and so is its end", .enabled(if: SmallDisk.isAvailable))
    func fullDisk() async throws {
        let disk = try SmallDisk(bytes: 2 << 20)
        let store = try OutboxStore(path: disk.file("outbox.db")) { [UInt8](repeating: 1, count: 8) }
        _ = try await store.accept(message("m1"))
        try disk.occupyAll()
        let large = Sample.request("large", content: .init(body: String(repeating: "x", count: 500_000)))
        let error = await #expect(throws: KinError.self) { _ = try await store.accept(large) }
        #expect(error?.code == "storage_full" && store.usage.diskIsFull && store.usage.pressure == .full)
        #expect(store.usage.bytes == 1000)
        try disk.release()
        store.probe()
        await store.flush()
        #expect(!store.usage.diskIsFull && store.usage.pressure == .none)
        #expect(try await store.accept(large).row.status == .pending)
    }
}
