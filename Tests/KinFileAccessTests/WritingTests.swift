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

@Suite struct WritingTests {
    private let stage: FileStage
    private static let large = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }
    private let large = WritingTests.large

    init() throws { stage = try FileStage() }

    private func intent(_ path: String, overwrites: Bool = false) -> WriteIntent {
        WriteIntent(path: path, size: Int64(large.count), modifiedAt: 1_000_000_250, overwrites: overwrites)
    }

    private func chunk(_ range: Range<Int>) -> [UInt8] { Array(large[range]) }

    @Test("a file comes whole, with mode and time, and nothing else stays")
    func whole() async throws {
        let intent = WriteIntent(path: "new", size: 3, mode: 0o6755, modifiedAt: 1_000_000_250)
        let part = try await stage.files.begin(intent)
        #expect(part.offset == 0)
        #expect(try await stage.files.write([1, 2], at: 0, to: part.token, of: "new") == 2)
        #expect(try await stage.files.write([3], at: 2, to: part.token, of: "new") == 3)
        #expect(await code { try await stage.content("new") } == "file_missing", "not before it is whole")
        let facts = try await stage.files.finish(intent, token: part.token, sha256: Digest.sha256([1, 2, 3]))
        #expect(facts.mode == 0o755, "setuid and setgid are dropped")
        #expect(facts.modifiedAt == 1_000_000_250 && facts.size == 3)
        #expect(try stage.names(stage.root) == ["new"])
        #expect(try stage.bytes(stage.root + "/new") == [1, 2, 3])
    }

    @Test("an empty file can be written")
    func empty() async throws {
        #expect(try await stage.write("", to: "new").size == 0)
        #expect(try stage.names(stage.root) == ["new"])
    }

    @Test("a part is readable by its owner alone")
    func mode() async throws {
        let part = try await stage.files.begin(WriteIntent(path: "new", size: 3, mode: 0o777))
        let path = ".kin-cp-\(part.token).part"
        #expect(try await stage.files.facts(of: path).mode == 0o600)
    }

    @Test("a file that is there is replaced only if that is allowed, at the beginning and at the end")
    func overwriting() async throws {
        try stage.put("old", "file")
        #expect(await code { try await stage.write("new", to: "file") } == "file_exists")
        try await stage.write("new", to: "file", overwrites: true)
        #expect(try stage.text("file") == "new")
        let intent = WriteIntent(path: "late", size: 1)
        let part = try await stage.files.begin(intent)
        try await stage.files.write([1], at: 0, to: part.token, of: "late")
        try stage.put("meanwhile", "late")
        #expect(await code { try await stage.files.finish(intent, token: part.token) } == "file_exists")
        #expect(try stage.text("late") == "meanwhile")
    }

    @Test("nothing is written through a link, onto a folder, or where no folder is")
    func targets() async throws {
        try stage.put("old", "file")
        try stage.link("link", to: "file")
        try stage.link("loose", to: "new")
        try stage.makeFolder("folder")
        for path in ["link", "loose"] {
            #expect(await code { try await stage.write("x", to: path, overwrites: true) } == "is_a_link")
        }
        #expect(await code { try await stage.write("x", to: "folder", overwrites: true) } == "is_a_folder")
        #expect(await code { try await stage.write("x", to: "none/new") } == "folder_missing")
        #expect(await code { try await stage.write("x", to: "file/new") } == "not_a_folder")
        #expect(try stage.text("file") == "old")
        #expect(try stage.names(stage.root) == ["file", "folder", "link", "loose"])
    }

    @Test("after a cut it goes on where the part ends, by its token or by the file alone")
    func resuming() async throws {
        let first = try await stage.files.begin(intent("new"))
        try await stage.files.write(chunk(0..<1_000_000), at: 0, to: first.token, of: "new")
        let same = try await stage.files.begin(intent("new"), from: .part(first.token))
        #expect(same.token == first.token && same.offset == 1_000_000)
        let other = RootedFiles(roots: [stage.root], home: stage.root)
        let second = try await other.begin(intent("new"))
        #expect(second.offset == 1_000_000 && second.token != first.token)
        #expect(
            try await other.digest(ofPart: second.token, of: "new", first: 1_000_000).sha256
                == Digest.sha256(chunk(0..<1_000_000)))
        for start in stride(from: 1_000_000, to: large.count, by: 1_000_000) {
            try await other.write(chunk(start..<start + 1_000_000), at: Int64(start), to: second.token, of: "new")
        }
        _ = try await other.finish(intent("new"), token: second.token, sha256: Digest.sha256(large))
        #expect(try stage.bytes(stage.root + "/new") == large)
        #expect(try stage.names(stage.root) == ["new"])
    }

    @Test("who had a part that another took over can neither write nor finish nor take it away")
    func takenOver() async throws {
        let first = try await stage.files.begin(intent("new"))
        try await stage.files.write(chunk(0..<1_000_000), at: 0, to: first.token, of: "new")
        let second = try await stage.files.begin(intent("new"))
        #expect(await code { try await stage.files.write([1], at: 0, to: first.token, of: "new") } == "part_void")
        #expect(await code { try await stage.files.finish(intent("new"), token: first.token) } == "part_void")
        #expect(await code { try await stage.files.begin(intent("new"), from: .part(first.token)) } == "part_void")
        try await stage.files.discard(token: first.token, of: "new")
        #expect(try await stage.files.begin(intent("new"), from: .part(second.token)).offset == 1_000_000)
    }

    @Test("two who write different files of one name do not mix, and the last to finish has it")
    func twoWriters() async throws {
        let one = WriteIntent(path: "new", size: 4, modifiedAt: 1, overwrites: true)
        let two = WriteIntent(path: "new", size: 4, modifiedAt: 2, overwrites: true)
        let (first, second) = (try await stage.files.begin(one), try await stage.files.begin(two))
        for offset in 0..<Int64(4) {
            try await stage.files.write([1], at: offset, to: first.token, of: "new")
            try await stage.files.write([2], at: offset, to: second.token, of: "new")
        }
        _ = try await stage.files.finish(one, token: first.token, sha256: Digest.sha256([1, 1, 1, 1]))
        _ = try await stage.files.finish(two, token: second.token, sha256: Digest.sha256([2, 2, 2, 2]))
        #expect(try stage.bytes(stage.root + "/new") == [2, 2, 2, 2])
    }

    @Test("a token is good for its file alone")
    func tokens() async throws {
        let part = try await stage.files.begin(WriteIntent(path: "new", size: 4))
        let others = [
            WriteIntent(path: "other", size: 4), WriteIntent(path: "new", size: 5),
            WriteIntent(path: "new", size: 4, modifiedAt: 1),
        ]
        for intent in others {
            #expect(await code { try await stage.files.begin(intent, from: .part(part.token)) } == "part_void")
        }
        #expect(await code { try await stage.files.finish(others[0], token: part.token) } == "part_void")
        for token in ["", "x", "../../outside/secret", String(repeating: "a", count: 33), part.token + "/"] {
            #expect(await code { try await stage.files.write([1], at: 0, to: token, of: "new") } == "part_void")
        }
    }

    @Test("chunks may come in any order; the part never has a hole")
    func order() async throws {
        let (files, chunk) = (stage.files, 100_000)
        let part = try await files.begin(intent("new"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for start in stride(from: 0, to: large.count, by: chunk).reversed() {
                let bytes = Array(large[start..<start + chunk])
                group.addTask { try await files.write(bytes, at: Int64(start), to: part.token, of: "new") }
            }
            try await group.waitForAll()
        }
        _ = try await files.finish(intent("new"), token: part.token, sha256: Digest.sha256(large))
        #expect(try stage.bytes(stage.root + "/new") == large)
    }

    @Test("a chunk whose predecessor never comes is refused after a while, and writes nothing")
    func gap() async throws {
        let files = RootedFiles(roots: [stage.root], home: stage.root, patience: .milliseconds(20))
        let part = try await files.begin(intent("new"))
        #expect(await code { try await files.write([1], at: 5, to: part.token, of: "new") } == "chunk_early")
        #expect(try await files.begin(intent("new"), from: .part(part.token)).offset == 0)
    }

    @Test("more chunks than may wait are refused at once")
    func tooMany() async throws {
        let (files, intent) = (stage.files, intent("new"))
        let part = try await files.begin(intent)
        let codes = try await withThrowingTaskGroup(of: String?.self) { group in
            for number in 1...80 {
                group.addTask {
                    await code { try await files.write([1], at: Int64(number * 10), to: part.token, of: "new") }
                }
            }
            var codes: [String?] = []
            while codes.count < 16, let code = try await group.next() { codes.append(code) }
            group.cancelAll()
            return codes
        }
        #expect(Set(codes) == ["writes_waiting"])
    }

    @Test("what is not what was sent gets no name, and its part is gone")
    func mismatch() async throws {
        let intent = WriteIntent(path: "new", size: 2)
        let part = try await stage.files.begin(intent)
        try await stage.files.write([1, 2], at: 0, to: part.token, of: "new")
        let wrong = Digest.sha256([1, 3])
        #expect(
            await code { try await stage.files.finish(intent, token: part.token, sha256: wrong) } == "digest_mismatch")
        #expect(try stage.names(stage.root) == [])
    }

    @Test("what is not whole gets no name, and can be gone on with")
    func incomplete() async throws {
        let intent = WriteIntent(path: "new", size: 3, sha256: Digest.sha256([1, 2, 3]))
        let part = try await stage.files.begin(intent)
        try await stage.files.write([1, 2], at: 0, to: part.token, of: "new")
        #expect(await code { try await stage.files.finish(intent, token: part.token) } == "write_incomplete")
        try await stage.files.write([3], at: 2, to: part.token, of: "new")
        #expect(try await stage.files.finish(intent, token: part.token).size == 3)
    }

    @Test("a write out of bounds is refused", arguments: [(-1, 1), (0, 0), (0, (1 << 20) + 1), (.max, 1)])
    func bounds(offset: Int64, count: Int) async throws {
        let part = try await stage.files.begin(WriteIntent(path: "new", size: 5))
        let bytes = [UInt8](repeating: 0, count: count)
        #expect(
            await code { try await stage.files.write(bytes, at: offset, to: part.token, of: "new") } == "range_invalid")
        #expect(await code { try await stage.files.begin(WriteIntent(path: "new", size: -1)) } == "size_invalid")
        #expect(
            await code { try await stage.files.begin(WriteIntent(path: "new", size: 1, sha256: [1])) }
                == "digest_invalid")
    }

    @Test("a folder that vanishes under a part is said")
    func vanished() async throws {
        try stage.makeFolder("folder")
        let intent = WriteIntent(path: "folder/new", size: 2)
        let part = try await stage.files.begin(intent)
        try FileManager.default.removeItem(atPath: stage.root + "/folder")
        #expect(
            await code { try await stage.files.write([1], at: 0, to: part.token, of: "folder/new") } == "folder_missing"
        )
        #expect(await code { try await stage.files.finish(intent, token: part.token) } == "folder_missing")
    }
}
