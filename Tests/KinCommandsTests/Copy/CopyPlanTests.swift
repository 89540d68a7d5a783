import Foundation
import KinFileAccess
import KinTesting
import KinWire
import Testing

@testable import KinCommands

/// The rules of cp(1).
@Suite struct CopyPlanTests {
    private let stage: CopyStage

    init() throws { stage = try CopyStage() }

    private func refused(_ sources: String..., to target: String, recursive: Bool = false, onto: (any CopyEnd)? = nil)
        async -> String?
    {
        let planning = CopyPlanning(
            target: CopySource(end: onto ?? stage.kiosk, path: target), isRecursive: recursive)
        do {
            _ = try await planning.plan(sources.map { CopySource(end: stage.near, path: $0) })
            return nil
        } catch {
            return error.code
        }
    }

    @Test("a file goes onto a name, or into a folder that is there")
    func file() async throws {
        try stage.put("one", here: "file")
        #expect(try await stage.copy("file", to: "new").failure == nil)
        try FileManager.default.createDirectory(atPath: stage.there + "/folder", withIntermediateDirectories: true)
        #expect(try await stage.copy("file", to: "folder").failure == nil)
        #expect(try await stage.copy("file", to: "~").failure == nil)
        #expect(try stage.names(stage.there) == ["file", "folder", "folder/file", "new"])
        #expect(await refused("file", to: "none/") == "target_missing")
        #expect(await refused("none", to: "new") == "source_missing")
        #expect(await refused("file", to: "new/") == "not_a_folder")
    }

    @Test("a folder only if it is asked for: under its own name in one that is there, else as what was named")
    func folder() async throws {
        try stage.put("one", here: "tree/a/file")
        #expect(await refused("tree", to: "new") == "source_is_folder")
        #expect(try await stage.copy("tree", to: "new", recursive: true).folders == 2)
        #expect(try stage.names(stage.there) == ["new", "new/a", "new/a/file"])
        #expect(try await stage.copy("tree", to: "new", recursive: true).folders == 2)
        #expect(try stage.text(there: "new/tree/a/file") == "one")
        #expect(try await stage.copy("tree/.", to: "new", recursive: true).folders == 0, "its content, merged")
        try stage.put("x", here: "file")
        _ = try await stage.copy("file", to: "file")
        #expect(await refused("tree", to: "file", recursive: true) == "not_a_folder")
    }

    @Test("several need a folder that is there, and names of their own")
    func several() async throws {
        try stage.put("one", here: "a/one")
        try stage.put("two", here: "b/one")
        try stage.put("two", here: "b/two")
        #expect(await refused("a/one", "b/two", to: "new") == "target_missing")
        #expect(await refused("a/one", "b/one", to: "~") == "same_name")
        #expect(try await stage.copy("a/one", "b/two", to: "~").files == 2)
        #expect(await refused("a/one", "b/two", to: "one") == "not_a_folder")
        #expect(try stage.names(stage.there) == ["one", "two"])
    }

    @Test("nothing is copied onto or into itself, by whatever name")
    func same() async throws {
        try stage.put("one", here: "tree/file")
        try FileManager.default.createSymbolicLink(atPath: stage.here + "/link", withDestinationPath: "tree")
        #expect(await refused("tree/file", to: "tree/file", onto: stage.near) == "same_file")
        #expect(await refused("tree/file", to: "link/file", onto: stage.near) == "same_file")
        #expect(await refused("tree/file", to: "tree", onto: stage.near) == "same_file")
        #expect(await refused("tree", to: "tree/inner", recursive: true, onto: stage.near) == "into_itself")
        #expect(await refused("tree", to: "link/inner", recursive: true, onto: stage.near) == "into_itself")
        #expect(await refused("tree", to: "tree", recursive: true, onto: stage.near) == "into_itself")
        #expect(await refused("tree", to: ".", recursive: true, onto: stage.near) == "same_file")
    }

    @Test("sizes that cannot be added are much, and nothing more")
    func hugeSizes() async throws {
        let end = ListingEnd { _ in
            FolderPage(entries: ["a", "b"].map { ListingEnd.entry($0, .file, size: .max) }, next: nil, unnameable: 0)
        }
        #expect(try await end.plan().bytes == .max)
    }

    @Test(
        "a device that lists without end is left: the same page again, ever more pages of nothing, folders in folders",
        arguments: ["same", "empty", "folders"])
    func endless(kind: String) async throws {
        let end = ListingEnd { after in
            switch kind {
            case "same": FolderPage(entries: [ListingEnd.entry("a", .file)], next: "a", unnameable: 0)
            case "empty":
                FolderPage(entries: [], next: ListingEnd.next(after), unnameable: 0)
            default:
                FolderPage(
                    entries: (0..<1000).map { ListingEnd.entry("\($0)", .folder) }, next: nil, unnameable: 0)
            }
        }
        let error = await #expect(throws: KinError.self) { try await end.plan() }
        #expect(error?.code == (kind == "folders" ? "too_many_files" : "answer_invalid"))
    }

    @Test("the same numbers on two machines are not the same file")
    func twoMachines() async throws {
        try stage.put("one", here: "file")
        let kiosk = CuttingEnd(NearEnd(workingFolder: stage.here), device: DeviceName("kiosk"))
        #expect(await refused("file", to: "file", onto: kiosk) == nil)
    }

    @Test("a file onto a folder of its name is refused")
    func ontoFolder() async throws {
        try stage.put("one", here: "file")
        try stage.put("two", here: "other/file/inner")
        _ = try await stage.copy("other", to: "x", recursive: true)
        #expect(await refused("file", to: "x") == "is_a_folder")
    }

    @Test("links and pipes in a folder are left out with a line, a link that is named is followed")
    func links() async throws {
        try stage.put("one", here: "tree/file")
        for name in ["tree/link", "named"] {
            try FileManager.default.createSymbolicLink(
                atPath: stage.here + "/" + name, withDestinationPath: stage.here + "/tree/file")
        }
        mkfifo(stage.here + "/tree/pipe", 0o600)
        let result = try await stage.copy("tree", "named", to: "~", recursive: true)
        #expect(result.failure == nil && result.files == 2)
        #expect(result.skipped.map(\.reason) == ["a symbolic link", "a pipe, socket or device"])
        #expect(stage.said.contains("left out: tree/link (a symbolic link)"))
        #expect(try stage.names(stage.there) == ["named", "tree", "tree/file"])
        #expect(await refused("tree/pipe", to: "x") == "not_a_file")
    }

    @Test(
        "names with a line's end go, names that are not UTF-8 are refused as such, and the rest is copied",
        .enabled(if: isLinux))
    func names() async throws {
        try stage.put("one", here: "tree/two\nlines")
        try stage.put("\u{e9}", here: "tree/\u{e9}")
        let bytes = (Array((stage.here + "/tree/").utf8) + [0x66, 0xff, 0]).map { CChar(bitPattern: $0) }
        close(open(bytes, O_WRONLY | O_CREAT, 0o600))
        let result = try await stage.copy("tree", to: "new", recursive: true)
        #expect(result.files == 2)
        #expect(result.failed.map(\.error.code) == ["name_not_utf8"])
        #expect(result.failure?.code == "copy_incomplete")
        #expect(try stage.text(there: "new/two\nlines") == "one")
        #expect(await refused("tree/f\u{fffd}", to: "x") == "source_missing")
    }

    @Test("a folder of many pages is copied whole")
    func pages() async throws {
        for number in 0..<20 { try stage.put("\(number)", "\(stage.there)/tree/file\(number)") }
        let result = try await stage.copy("tree", to: "back", recursive: true, from: stage.kiosk, onto: stage.near)
        #expect(result.files == 20 && result.failure == nil)
        #expect(try stage.names(stage.here + "/back").count == 20)
    }
}

extension CopyStage {
    func put(_ text: String, _ path: String) throws { try put(Array(text.utf8), path) }
}

#if os(Linux)
    private let isLinux = true
#else
    private let isLinux = false
#endif

/// A device that lists its one folder as a test says, and every folder in it alike.
private struct ListingEnd: CopyEnd {
    let page: @Sendable (String?) -> FolderPage

    static func entry(_ name: String, _ kind: FileFacts.Kind, size: Int64 = 1) -> FolderEntry {
        FolderEntry(
            name: name,
            facts: FileFacts(kind: kind, size: size, mode: 0o755, modifiedAt: 0, identity: name, version: name))
    }

    /// A name behind that one.
    static func next(_ after: String?) -> String {
        let number = after.flatMap { Int($0) } ?? 1_000_000
        return "\(number + 1)"
    }

    func plan() async throws -> CopyPlan {
        let stage = try CopyStage()
        let planning = CopyPlanning(target: CopySource(end: stage.near, path: "new"), isRecursive: true)
        return try await planning.plan([CopySource(end: self, path: "folder")])
    }

    private static let unused = KinError("unused", "no test asks for it")

    var device: DeviceName? { DeviceName("kiosk") }
    func facts(of path: String) async throws(KinError) -> FileFacts? { Self.entry("folder", .folder).facts }
    func list(_ path: String, after: String?) async throws(KinError) -> FolderPage { page(after) }
    func read(_ path: String, at offset: Int64, count: Int) async throws(KinError) -> FilePiece { throw Self.unused }
    func digest(of path: String, first: Int64) async throws(KinError) -> FileDigest { throw Self.unused }
    func makeFolder(_ path: String, mode: UInt32, under key: String?) async throws(KinError) -> Bool {
        throw Self.unused
    }
    func begin(
        _ intent: WriteIntent, from start: RootedFiles.WriteStart, under key: String?
    ) async throws(KinError) -> WritePart { throw Self.unused }
    func write(_ bytes: [UInt8], at offset: Int64, to token: String, of path: String) async throws(KinError) {
        throw Self.unused
    }
    func digest(ofPart token: String, of path: String, first: Int64) async throws(KinError) -> FileDigest {
        throw Self.unused
    }
    func finish(_ intent: WriteIntent, token: String, sha256: [UInt8]) async throws(KinError) -> FileFacts {
        throw Self.unused
    }
    func discard(token: String, of path: String) async throws(KinError) { throw Self.unused }
}
