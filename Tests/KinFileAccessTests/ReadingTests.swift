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

@Suite struct ReadingTests {
    private let stage: FileStage

    init() throws { stage = try FileStage() }

    @Test("a read gives the bytes that were asked for, fewer at the end, none behind it")
    func ranges() async throws {
        try stage.put("0123456789", "file")
        let read = { (offset: Int64, count: Int) in
            String(decoding: try await stage.files.read("file", at: offset, count: count).bytes, as: UTF8.self)
        }
        #expect(try await read(0, 10) == "0123456789")
        #expect(try await read(3, 4) == "3456")
        #expect(try await read(8, 100) == "89")
        #expect(try await read(10, 1) == "")
        #expect(try await read(1 << 60, 1) == "")
    }

    @Test("a read out of bounds is refused", arguments: [(-1, 1), (0, 0), (0, -1), (0, (1 << 20) + 1), (.max, 1)])
    func bounds(offset: Int64, count: Int) async throws {
        try stage.put("x", "file")
        #expect(await code { try await stage.files.read("file", at: offset, count: count) } == "range_invalid")
    }

    @Test("facts say kind, size, mode and time")
    func facts() async throws {
        try stage.put("12345", "file")
        chmod(stage.root + "/file", 0o640)
        let times = [timeval(tv_sec: 1_000_000, tv_usec: 250_000), timeval(tv_sec: 1_000_000, tv_usec: 250_000)]
        utimes(stage.root + "/file", times)
        let facts = try await stage.files.facts(of: "file")
        #expect(facts.kind == .file && facts.size == 5 && facts.mode == 0o640 && facts.modifiedAt == 1_000_000_250)
        #expect(try await stage.files.facts(of: "").kind == .folder)
        #expect(await code { try await stage.files.facts(of: "none") } == "file_missing")
    }

    @Test("a change between two reads shows in the version, the identity stays; another file of that name has another")
    func changes() async throws {
        try stage.put("one", "file")
        let first = try await stage.files.read("file", at: 0, count: 1).facts
        #expect(try await stage.files.read("file", at: 1, count: 1).facts == first)
        let handle = try FileHandle(forWritingTo: URL(filePath: stage.root + "/file"))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("x".utf8))
        try handle.close()
        let second = try await stage.files.facts(of: "file")
        #expect(second.version != first.version && second.identity == first.identity && second.size == 4)
        // The same size, the time put back: still another version.
        let times = [timeval(tv_sec: 5, tv_usec: 0), timeval(tv_sec: 5, tv_usec: 0)]
        utimes(stage.root + "/file", times)
        let third = try await stage.files.facts(of: "file")
        utimes(stage.root + "/file", times)
        #expect(third.version != second.version)
        try stage.put("new", "other")
        rename(stage.root + "/other", stage.root + "/file")
        #expect(try await stage.files.facts(of: "file").identity != first.identity)
    }

    @Test("pipes, sockets and folders are not read, and opening them waits for nobody")
    func special() async throws {
        #expect(mkfifo(stage.root + "/pipe", 0o600) == 0)
        try stage.makeFolder("folder")
        #expect(try await stage.files.facts(of: "pipe").kind == .special)
        #expect(await code { try await stage.content("pipe") } == "not_a_file")
        #expect(await code { try await stage.files.digest(of: "pipe") } == "not_a_file")
        #expect(await code { try await stage.content("folder") } == "is_a_folder")
        #expect(await code { try await stage.content("") } == "is_a_folder")
        #expect(await code { try await stage.write("x", to: "pipe", overwrites: true) } == "not_a_file")
        #expect(await code { try await stage.files.list("pipe") } == "not_a_folder")
        #expect(await code { try await stage.files.facts(of: "pipe/x") } == "not_a_folder")
        #expect(await code { try await stage.files.makeFolder("pipe") } == "file_exists")
        #expect(await code { try await stage.write("x", to: "pipe") } == "not_a_file")
        #if os(Linux)
            #expect(mknod(stage.root + "/socket", S_IFSOCK | 0o600, 0) == 0)
        #else
            return
        #endif
        #expect(try await stage.files.facts(of: "socket").kind == .special)
        #expect(await code { try await stage.content("socket") } == "not_a_file")
        #expect(await code { try await stage.write("x", to: "socket", overwrites: true) } == "not_a_file")
    }

    @Test("devices are not read")
    func devices() async throws {
        let files = RootedFiles(roots: ["/dev"], home: stage.root)
        #expect(try await files.facts(of: "/dev/zero").kind == .special)
        #expect(await code { try await files.read("/dev/zero", at: 0, count: 1) } == "not_a_file")
        #expect(
            await code { try await files.begin(WriteIntent(path: "/dev/null", size: 1, overwrites: true)) }
                == "not_a_file")
    }

    @Test("the SHA-256 is of the first bytes, or of all")
    func digests() async throws {
        let bytes = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try Data(bytes).write(to: URL(filePath: stage.root + "/file"))
        let whole = try await stage.files.digest(of: "file")
        #expect(whole.sha256 == Digest.sha256(bytes))
        let half = try await stage.files.digest(of: "file", first: 350_001)
        #expect(half.sha256 == Digest.sha256(bytes[..<350_001]))
        var stream = try #require(half.stream)
        stream.update(bytes[350_001...])
        #expect(stream.digest == whole.sha256)
        #expect(try await stage.files.digest(of: "file", first: 0).sha256 == Digest.sha256([]))
        #expect(await code { try await stage.files.digest(of: "file", first: 700_001) } == "file_changed")
    }

    @Test("a digest that nobody waits for any more ends")
    func cancelled() async throws {
        let number = open(stage.root + "/large", O_WRONLY | O_CREAT, 0o600)
        ftruncate(number, 1 << 40)
        close(number)
        let (files, begun) = (stage.files, Observed(false))
        let task = Task {
            try await files.digest(of: "large") { _ in begun.update { $0 = true } }.sha256
        }
        try await begun.wait { $0 }
        task.cancel()
        #expect(await code { try await task.value } == "interrupted")
    }
}
