import Foundation
import KinTesting
import KinWire
import Testing

@testable import KinMailbox

/// A damaged inbox is set aside, and nothing else is.
@Suite struct InboxRecoveryTests {
    let folder: TemporaryFolder
    private var path: String { folder.file("inbox.db") }
    private static let now: Int64 = 1_795_255_392_000

    init() throws { folder = try TemporaryFolder() }

    /// How a file gets damaged.
    enum Damage: String, CaseIterable {
        case garbage, noHeader, truncated, emptied, zeroedPage, indexPage

        func `do`(to path: String) throws {
            let file = try FileHandle(forUpdating: URL(filePath: path))
            defer { try? file.close() }
            let size = try file.seekToEnd()
            func write(_ byte: UInt8, _ count: Int, at offset: UInt64) throws {
                try file.seek(toOffset: offset)
                try file.write(contentsOf: Data(repeating: byte, count: count))
            }
            switch self {
            case .garbage: try write(0x55, Int(size), at: 0)
            case .noHeader: try write(0, 100, at: 0)
            case .truncated: try file.truncate(atOffset: size / 2 - 1000)
            case .emptied: try file.truncate(atOffset: 0)
            case .zeroedPage: try write(0, 4096, at: size / 8192 * 4096)
            case .indexPage: try write(0x55, 2000, at: size - 4096)
            }
        }
    }

    private func open(now: Int64 = now) throws -> InboxStore.Opening {
        try InboxStore.open(path: path, isIndexed: false, now: now)
    }

    private func filled() async throws {
        let store = try InboxStore(path: path)
        for number in 0..<200 {
            _ = try await store.receive([.sample("m\(number)", body: String(repeating: "x", count: 500))])
        }
        store.close()
    }

    /// The databases, without their logs.
    private var names: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .filter { !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }.sorted()
        }
    }

    @Test("a sound inbox is opened as it is", arguments: [true, false])
    func sound(exists: Bool) async throws {
        if exists { try await filled() }
        let opening = try open()
        #expect(opening.setAside == nil)
        #expect(try opening.store.count() == (exists ? 200 : 0))
        #expect(try opening.store.refillMark() == nil)
        opening.store.close()
        #expect(try names == ["inbox.db"])
    }

    @Test("a damaged one is kept under another name, and a fresh one waits to be filled", arguments: Damage.allCases)
    func damaged(damage: Damage) async throws {
        try await filled()
        try damage.do(to: path)
        let bytes = try Data(contentsOf: URL(filePath: path))
        let opening = try open()
        let aside = "\(path).corrupt-\(Self.now)"
        #expect(opening.setAside == aside)
        #expect(try Data(contentsOf: URL(filePath: aside)) == bytes, "nothing of it is changed")
        #expect(try FileManager.default.attributesOfItem(atPath: aside)[.posixPermissions] as? Int == 0o600)
        #expect(try opening.store.count() == 0)
        let mark = try #require(try opening.store.refillMark())
        #expect(mark == RefillMark(store: nil, before: nil, refilled: 0, refused: 0))
        let row = try #require(try await opening.store.receive([.sample("new")])[0])
        #expect(row.id > Self.now * 1024 && row.id < 1 << 53)
        opening.store.close()
        let again = try open(now: Self.now + 1)
        #expect(try again.setAside == nil && again.store.refillMark() == mark, "once, and it is not forgotten")
        again.store.close()
        #expect(try names == ["inbox.db", "inbox.db.corrupt-\(Self.now)"])
    }

    @Test("a second damage at the same time takes another name")
    func twice() async throws {
        for _ in 0..<2 {
            try await filled()
            try Damage.zeroedPage.do(to: path)
            try open().store.close()
        }
        #expect(try names == ["inbox.db", "inbox.db.corrupt-\(Self.now)", "inbox.db.corrupt-\(Self.now + 1)"])
    }

    @Test("what is in the log of a damaged file stays with it, and reaches no other")
    func log() async throws {
        try await filled()
        let store = try InboxStore(path: path)
        _ = try await store.receive([.sample("logged", body: "only in the log")])
        let copies = try ["", "-wal"].map { try Data(contentsOf: URL(filePath: path + $0)) }
        store.close()
        for (suffix, data) in zip(["", "-wal"], copies) { try data.write(to: URL(filePath: path + suffix)) }
        try Damage.zeroedPage.do(to: path)
        let opening = try open()
        let aside = try #require(opening.setAside)
        let kept = try ["", "-wal"].map { try Data(contentsOf: URL(filePath: aside + $0)) }
        #expect(kept.contains { $0.range(of: Data("only in the log".utf8)) != nil })
        #expect(try opening.store.count() == 0)
        opening.store.close()
    }

    @Test("what is no damage is refused and left where it is")
    func refused() async throws {
        try await filled()
        let stores = try TestStores(at: folder)
        try stores.write(path, "INSERT INTO grdb_migrations VALUES ('9: from the future')")
        try expectRefusal("store_newer_schema")
        try stores.write(path, "DELETE FROM grdb_migrations WHERE identifier LIKE '9:%'")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        try expectRefusal("store_unavailable")
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try expectRefusal("store_unavailable")
    }

    private func expectRefusal(_ code: String) throws {
        let error = #expect(throws: KinError.self) { try open().store.close() }
        #expect(error?.code == code)
        let left = try names
        #expect(!left.contains { $0.contains("corrupt") || $0.contains("fresh") }, "\(left)")
    }

    /// States a crash can leave behind, as the names of files.
    @Test(
        "a crash at any step is made good by the next opening",
        arguments: ["making", "fresh", "log moved", "moved"])
    func crash(step: String) async throws {
        try await filled()
        try Damage.zeroedPage.do(to: path)
        let bytes = try Data(contentsOf: URL(filePath: path))
        let files = FileManager.default
        // What the steps make: a fresh file with its mark.
        try files.copyItem(atPath: path, toPath: folder.file("kept"))
        try open(now: 7).store.close()
        try files.moveItem(atPath: path, toPath: folder.file("fresh"))
        for suffix in ["", "-wal", "-shm"] { try? files.removeItem(atPath: path + ".corrupt-7" + suffix) }
        switch step {
        case "making":
            try files.moveItem(atPath: folder.file("kept"), toPath: path)
            try Data("begun".utf8).write(to: URL(filePath: path + ".making"))
        case "fresh":
            try files.moveItem(atPath: folder.file("kept"), toPath: path)
            try files.moveItem(atPath: folder.file("fresh"), toPath: path + ".fresh-7")
        case "log moved":
            try files.moveItem(atPath: folder.file("kept"), toPath: path)
            try files.moveItem(atPath: path + "-wal", toPath: path + ".corrupt-7-wal")
            try files.moveItem(atPath: folder.file("fresh"), toPath: path + ".fresh-7")
        default:
            try files.moveItem(atPath: folder.file("kept"), toPath: path + ".corrupt-7")
            try files.moveItem(atPath: folder.file("fresh"), toPath: path + ".fresh-7")
        }
        let opening = try open()
        let aside = step == "making" ? "\(path).corrupt-\(Self.now)" : path + ".corrupt-7"
        #expect(opening.setAside == aside)
        #expect(try Data(contentsOf: URL(filePath: aside)) == bytes)
        #expect(try opening.store.refillMark() != nil)
        #expect(try opening.store.count() == 0)
        opening.store.close()
        let left = try names
        #expect(!left.contains { $0.contains("making") || $0.contains(".fresh-") }, "\(left)")
    }

    struct Crash: Error {}

    @Test("a crash after any renaming is made good by the next opening, whatever logs are there")
    func renamings() async throws {
        try await filled()
        try Damage.zeroedPage.do(to: path)
        let bytes = try Data(contentsOf: URL(filePath: path))
        let files = FileManager.default
        var step = 0
        var isWhole = false
        while !isWhole {
            step += 1
            for name in try files.contentsOfDirectory(atPath: folder.path) {
                try files.removeItem(atPath: folder.file(name))
            }
            for (suffix, data) in [("", bytes), ("-wal", Data())] {
                let mode = [FileAttributeKey.posixPermissions: 0o600]
                #expect(files.createFile(atPath: path + suffix, contents: data, attributes: mode))
            }
            var renamings = 0
            do {
                try InboxStore.open(path: path, isIndexed: false, now: Self.now) {
                    renamings += 1
                    if renamings == step { throw Crash() }
                }.store.close()
                isWhole = true
            } catch let error as KinError {
                #expect(error.message.contains("Crash"), "\(error)")
            }
            let opening = try open()
            #expect(try Data(contentsOf: URL(filePath: "\(path).corrupt-\(Self.now)")) == bytes)
            #expect(try opening.store.refillMark() != nil && opening.store.count() == 0)
            opening.store.close()
            #expect(try names == ["inbox.db", "inbox.db.corrupt-\(Self.now)"])
        }
        #expect(step > 3)
    }
}
