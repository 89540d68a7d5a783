import Foundation
import KinFileAccess
import KinTesting
import KinWire
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where paths lead, and where they do not.
@Suite struct PathTests {
    private let stage: FileStage

    init() throws {
        stage = try FileStage()
        try stage.makeFolder("a/b")
        try stage.put("top", "top")
        try stage.put("inner", "a/b/inner")
    }

    @Test("a path is absolute, of the home folder, or relative to it")
    func forms() async throws {
        for path in ["\(stage.root)/a/b/inner", "~/a/b/inner", "a/b/inner", "a//b/./inner", "./a/b/inner"] {
            #expect(try await stage.content(path) == "inner", "\(path)")
        }
        for path in ["", "~", "~/", ".", stage.root, stage.root + "/"] {
            #expect(try await stage.files.facts(of: path).kind == .folder, "\(path)")
        }
    }

    @Test(".. goes back as far as the root and no further")
    func above() async throws {
        #expect(try await stage.content("a/../top") == "top")
        #expect(try await stage.content("a/b/../../a/b/inner") == "inner")
        for path in [
            "..", "../outside/secret", "a/../../outside/secret", "\(stage.root)/../outside/secret",
            "~/../root/top", "a/b/../../../root/top",
        ] {
            #expect(await code { try await stage.files.facts(of: path) } == "outside_roots", "\(path)")
        }
    }

    @Test("what lies outside is refused without a look, whether it is there or not")
    func outside() async throws {
        for path in ["/", "/etc/passwd", "/nowhere", stage.outside, stage.outside + "/secret", stage.root + "x"] {
            #expect(await code { try await stage.files.facts(of: path) } == "outside_roots", "\(path)")
            #expect(await code { try await stage.files.list(path) } == "outside_roots")
            #expect(await code { try await stage.files.makeFolder(path) } == "outside_roots")
            #expect(await code { try await stage.write("x", to: path) } == "outside_roots")
        }
    }

    @Test("links are followed inside a root, in the middle and at the end")
    func linksInside() async throws {
        try stage.link("to-folder", to: "a")
        try stage.link("to-file", to: "to-folder/b/inner")
        try stage.link("absolute", to: stage.root + "/a/b")
        try stage.link("a/back", to: "../top")
        for path in ["to-folder/b/inner", "to-file", "absolute/inner"] {
            #expect(try await stage.content(path) == "inner", "\(path)")
        }
        #expect(try await stage.content("to-folder/back") == "top")
        #expect(try await stage.content("absolute/../../top") == "top", "from where the link leads")
        #expect(try await stage.files.facts(of: "to-file", followingLinks: false).kind == .link)
    }

    @Test("a link that leads out is refused, wherever it stands and however it is written")
    func linksOutside() async throws {
        try stage.link("relative", to: "../outside")
        try stage.link("absolute", to: stage.outside)
        try stage.link("a/file", to: "../../outside/secret")
        try stage.link("chain", to: "a/file")
        try stage.link("round", to: "../root/top")
        for path in ["relative", "relative/secret", "absolute/secret", "a/file", "chain", "round"] {
            #expect(await code { try await stage.files.facts(of: path) } == "outside_roots", "\(path)")
            #expect(await code { try await stage.content(path) } == "outside_roots", "\(path)")
        }
        #expect(await code { try await stage.files.makeFolder("relative/new") } == "outside_roots")
        #expect(await code { try await stage.write("x", to: "absolute/new") } == "outside_roots")
        #expect(try stage.names(stage.outside) == ["secret"])
    }

    @Test("the kernel's own links of a process lead nowhere but where a root is", .enabled(if: isLinux))
    func magicLinks() async throws {
        let folder = open(stage.outside, O_RDONLY | O_DIRECTORY)
        defer { close(folder) }
        let file = open(stage.outside + "/secret", O_RDONLY)
        defer { close(file) }
        let files = RootedFiles(roots: ["/proc", stage.root], home: stage.root)
        for path in [
            "/proc/self/root/etc/passwd", "/proc/self/root", "/proc/self/cwd", "/proc/self/exe",
            "/proc/thread-self/root/etc", "/proc/self/task/../root/etc/passwd", "/proc/self/fd/\(folder)/secret",
            "/proc/self/fd/\(file)", "/proc/1/root/etc/passwd",
        ] {
            let refusal = await code { try await files.facts(of: path) }
            #expect(refusal == "outside_roots" || (refusal == "access_denied" && path.contains("/1/")), "\(path)")
            #expect(await code { try await files.read(path, at: 0, count: 1) } == refusal, "\(path)")
        }
        try stage.link("way", to: "/proc/self/root\(stage.outside)")
        #expect(await code { try await files.read("way/secret", at: 0, count: 9) } == "outside_roots")
        #expect(await code { try await stage.files.facts(of: "way") } == "outside_roots")
        #expect(
            await code { try await files.begin(WriteIntent(path: "/proc/self/fd/\(file)", size: 1, overwrites: true)) }
                == "is_a_link")
        // Where the link leads into a root it is a way like any other.
        try stage.link("back", to: "/proc/self/root\(stage.root)/top")
        #expect(await code { try await files.facts(of: "back") } == "outside_roots", "its first step is out")
    }

    @Test("links in a circle and chains without end are refused")
    func circles() async throws {
        try stage.link("one", to: "two")
        try stage.link("two", to: "one")
        try stage.link("own", to: "own/x")
        for path in ["one", "one/x", "own", "own/y"] {
            #expect(await code { try await stage.files.facts(of: path) } == "too_many_links", "\(path)")
        }
        try stage.link("link0", to: "top")
        for number in 1...45 { try stage.link("link\(number)", to: "link\(number - 1)") }
        #expect(try await stage.content("link39") == "top")
        #expect(await code { try await stage.content("link40") } == "too_many_links")
    }

    @Test("a path is cut at its bytes: a combining mark hides no slash")
    func marks() async throws {
        // To Swift "/" and U+0338 are one character, which is not "/".
        try stage.link("escape", to: stage.outside)
        try FileStage.put("hidden", stage.outside + "/\u{338}x")
        #expect(await code { try await stage.content("escape/\u{338}x") } == "outside_roots")
        #expect(await code { try await stage.content("a/\u{338}x") } == "file_missing")
        try stage.put("marked", "a/\u{338}x")
        #expect(try await stage.content("a/\u{338}x") == "marked")
    }

    @Test("two spellings of one letter are two files")
    func spellings() async throws {
        try stage.put("one", "\u{e9}")
        try stage.put("two", "e\u{301}")
        try #require(stage.names(stage.root).count == 4, "this file system holds both")
        #expect(try await stage.content("\u{e9}") == "one")
        #expect(try await stage.content("e\u{301}") == "two")
        #expect(try await stage.files.list("").entries.count == 4)
    }

    @Test("a path without end, with a zero, or deeper than can be held is refused")
    func bounds() async throws {
        #expect(await code { try await stage.files.facts(of: "a\u{0}b") } == "path_invalid")
        #expect(await code { try await stage.files.facts(of: String(repeating: "a/", count: 3000)) } == "path_invalid")
        #expect(await code { try await stage.files.facts(of: String(repeating: "x", count: 300)) } == "path_invalid")
        let deep = String(repeating: "d/", count: 140)
        try stage.makeFolder(deep)
        #expect(try await stage.files.facts(of: String(repeating: "d/", count: 120)).kind == .folder)
        #expect(await code { try await stage.files.facts(of: deep) } == "path_invalid")
    }

    @Test("a path that ends like a folder must lead to one")
    func folderMark() async throws {
        #expect(try await stage.files.facts(of: "a/").kind == .folder)
        #expect(await code { try await stage.files.facts(of: "top/") } == "not_a_folder")
        #expect(await code { try await stage.files.facts(of: "top/.") } == "not_a_folder")
        #expect(await code { try await stage.files.facts(of: "top/x") } == "not_a_folder")
        #expect(await code { try await stage.write("x", to: "a/") } == "is_a_folder")
        #expect(await code { try await stage.write("x", to: "new/") } == "folder_missing")
    }
}
