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
