import Foundation
import KinCrypto
import KinFileAccess
import KinTesting
import KinWire
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Full disks, missing rights, what was abandoned, and what stays open.
@Suite struct TroubleTests {
    private let stage: FileStage

    init() throws { stage = try FileStage() }

    @Test(
        "a file that does not fit is refused before it begins, with the room that is needed",
        .enabled(if: SmallDisk.isAvailable))
    func noRoom() async throws {
        let disk = try SmallDisk(bytes: 1 << 20)
        let files = RootedFiles(roots: [disk.path], home: disk.path)
        let error = await #expect(throws: KinError.self) {
            try await files.begin(WriteIntent(path: "new", size: 1 << 30))
        }
        #expect(error?.code == "storage_full" && error?.category == .exhausted)
        #expect(error?.message.contains("1073741824") == true)
        #expect(try stage.names(disk.path) == [])
    }

    @Test("a disk that fills up ends a write, and it goes on once there is room", .enabled(if: SmallDisk.isAvailable))
    func full() async throws {
        let disk = try SmallDisk(bytes: 4 << 20)
        let files = RootedFiles(roots: [disk.path], home: disk.path)
        let intent = WriteIntent(path: "new", size: 2 << 20)
        let part = try await files.begin(intent)
        let half = [UInt8](repeating: 7, count: 1 << 20)
        try await files.write(half, at: 0, to: part.token, of: "new")
        try disk.occupyAll()
        #expect(await code { try await files.write(half, at: 1 << 20, to: part.token, of: "new") } == "storage_full")
        try disk.release()
        let offset = try await files.begin(intent, from: .part(part.token)).offset
        #expect(offset >= 1 << 20, "what fitted stays")
        try await files.write(half, at: 1 << 20, to: part.token, of: "new")
        #expect(try await files.finish(intent, token: part.token, sha256: Digest.sha256(half + half)).size == 2 << 20)
    }

    @Test("what the user may not do is refused with what to do", .enabled(if: isLinux))
    func permission() async throws {
        // Where nobody may write, root neither.
        let files = RootedFiles(roots: ["/sys"], home: "/sys")
        for error in [
            await #expect(throws: KinError.self) { try await files.begin(WriteIntent(path: "/sys/new", size: 1)) },
            await #expect(throws: KinError.self) { try await files.makeFolder("/sys/new") },
        ] {
            #expect(["access_denied", "read_only"].contains(error?.code), "\(String(describing: error))")
            #expect(error?.category == .refused)
        }
    }

    @Test("rights that are missing are said", .enabled(if: geteuid() != 0))
    func ordinaryUser() async throws {
        try stage.makeFolder("shut")
        try stage.put("x", "shut/file")
        try stage.put("x", "file")
        chmod(stage.root + "/file", 0)
        #expect(await code { try await stage.content("file") } == "access_denied")
        chmod(stage.root + "/shut", 0o500)
        #expect(await code { try await stage.write("x", to: "shut/new") } == "access_denied")
        chmod(stage.root + "/shut", 0o100)
        #expect(try await stage.content("shut/file") == "x", "the right to pass is enough to pass")
        #expect(await code { try await stage.files.list("shut") } == "access_denied")
        chmod(stage.root + "/shut", 0o700)
    }

    @Test("abandoned parts are taken away after a day, also by the next process; young ones and other files stay")
    func sweeping() async throws {
        let ledger = stage.path + "/ledger"
        try stage.makeFolder("folder")
        var files = RootedFiles(roots: [stage.root], home: stage.root, ledger: ledger)
        _ = try await files.begin(WriteIntent(path: "one", size: 5))
        _ = try await files.begin(WriteIntent(path: "folder/two", size: 5))
        try stage.put("x", ".kin-cp-other.part")
        try stage.put("x", "folder/.kin-01ARYZ6S41TSV4RRFFQ69G5FAV.part")
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        #expect(try await files.sweep(now: now + RootedFiles.partLife - 60_000) == 0)
        files = RootedFiles(roots: [stage.root], home: stage.root, ledger: ledger)
        #expect(try await files.sweep(now: now + RootedFiles.partLife + 60_000) == 2)
        #expect(try stage.names(stage.root) == [".kin-cp-other.part", "folder"])
        #expect(try stage.names(stage.root + "/folder") == [".kin-01ARYZ6S41TSV4RRFFQ69G5FAV.part"])
        #expect(try stage.bytes(ledger) == [], "nothing is to be looked for any more")
    }

    @Test("several processes keep to one ledger: none forgets what another began")
    func sharedLedger() async throws {
        let ledger = stage.path + "/ledger"
        let folders = (0..<320).map { "folder\($0)" }
        for folder in folders { try stage.makeFolder(folder) }
        let root = stage.root
        // All are there before any of them begins.
        let runs = (0..<16).map { _ in RootedFiles(roots: [root], home: root, ledger: ledger) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, folder) in folders.enumerated() {
                let files = runs[number % runs.count]
                group.addTask { _ = try await files.begin(WriteIntent(path: folder + "/new", size: 5)) }
            }
            try await group.waitForAll()
        }
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        #expect(try await runs[0].sweep(now: now + RootedFiles.partLife + 60_000) == folders.count)
        for folder in folders { #expect(try stage.names(root + "/" + folder) == []) }
    }

    @Test("a ledger that was not written to its end, or is none, costs nothing but itself")
    func damagedLedger() async throws {
        let ledger = stage.path + "/ledger"
        for damage in ["folder\0other", "\0\0", "half", String(repeating: "x", count: 5_000_000)] {
            try FileStage.put(damage, ledger)
            let files = RootedFiles(roots: [stage.root], home: stage.root, ledger: ledger)
            let part = try await files.begin(WriteIntent(path: "new", size: 5))
            let now = Int64(Date().timeIntervalSince1970 * 1000)
            #expect(try await files.sweep(now: now + RootedFiles.partLife + 60_000) == 1, "\(damage.prefix(20))")
            #expect(await code { try await files.write([1], at: 0, to: part.token, of: "new") } == "part_void")
        }
    }

    @Test("no call leaves a descriptor open, whatever comes of it", .enabled(if: isLinux))
    func descriptors() async throws {
        try stage.makeFolder("a/b/c")
        try stage.put("x", "a/b/c/file")
        try stage.link("out", to: stage.outside)
        try stage.link("in", to: "a/b")
        let files = stage.files
        _ = try await files.facts(of: "")
        let before = try #require(stage.openDescriptors)
        #expect(before == 1, "the root")
        for round in 0..<20 {
            _ = try await files.read("a/b/../b/c/file", at: 0, count: 5)
            _ = try await files.list("in/c")
            _ = try await files.digest(of: "in/c/file")
            _ = await code { try await files.facts(of: "a/b/c/../../../../x") }
            _ = await code { try await files.facts(of: "out/secret") }
            _ = await code { try await files.facts(of: "a/none/x") }
            _ = await code { try await files.facts(of: "a/b/c/file/x") }
            _ = await code { try await files.list("a/b/c/file") }
            try await stage.write("new", to: "a/b/new\(round)")
            let intent = WriteIntent(path: "a/left\(round)", size: 2 << 20)
            let part = try await files.begin(intent)
            _ = try await files.write([1], at: 0, to: part.token, of: intent.path)
            _ = try await files.begin(intent)
            _ = await code { try await files.write([1], at: 0, to: part.token, of: intent.path) }
            _ = await code { try await files.finish(intent, token: part.token) }
        }
        #expect(stage.openDescriptors == before)
    }

    @Test("many calls at once hold few descriptors", .enabled(if: isLinux))
    func atOnce() async throws {
        try stage.makeFolder("1/2/3/4/5/6/7/8")
        try stage.put("x", "1/2/3/4/5/6/7/8/file")
        let stage = stage
        let most = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    _ = try await stage.content("1/2/3/4/5/6/7/8/file")
                    return stage.openDescriptors ?? 0
                }
            }
            return try await group.reduce(0) { max($0, $1) }
        }
        #expect(most <= 1 + 8 * 12)
    }
}
