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

@Suite struct ListingTests {
    private let stage: FileStage

    init() throws { stage = try FileStage() }

    private func create(_ bytes: [UInt8]) {
        let path = (Array((stage.root + "/").utf8) + bytes + [0]).map { CChar(bitPattern: $0) }
        close(open(path, O_WRONLY | O_CREAT, 0o600))
    }

    @Test("a folder is listed by the bytes of its names, with what each is; hidden ones and links too")
    func kinds() async throws {
        try stage.makeFolder("folder")
        try stage.put("12", ".hidden")
        try stage.put("123", "Zfile")
        try stage.link("link", to: "/nowhere")
        mkfifo(stage.root + "/pipe", 0o600)
        let page = try await stage.files.list("")
        #expect(page.entries.map(\.name) == [".hidden", "Zfile", "folder", "link", "pipe"])
        #expect(page.entries.map(\.facts.kind) == [.file, .file, .folder, .link, .special])
        #expect(page.entries.prefix(2).map(\.facts.size) == [2, 3])
        #expect(page.next == nil && page.unnameable == 0)
    }

    @Test("pages of any size together give every name once, in order", arguments: [1, 7, 100, 1000])
    func pages(limit: Int) async throws {
        let names = (0..<250).map { "file\($0 * 7919 % 1000)" }
        for name in names { create(Array(name.utf8)) }
        var (seen, after, count) = ([String](), nil as String?, 0)
        repeat {
            let page = try await stage.files.list("", after: after, limit: limit)
            #expect(page.entries.count <= limit)
            seen += page.entries.map(\.name)
            after = page.next
            count += 1
        } while after != nil && count <= 251
        #expect(seen == Set(names).sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
        #expect(count == (seen.count + limit - 1) / limit)
    }

    @Test("a page has at most its bound, whatever is asked")
    func bound() async throws {
        for number in 0..<1005 { create(Array("f\(number)".utf8)) }
        #expect(try await stage.files.list("", limit: 1_000_000).entries.count == 1000)
        #expect(try await stage.files.list("", limit: -5).entries.count == 1)
    }

    @Test("a name with a line's end is a name; one that is not UTF-8 is counted and not given", .enabled(if: isLinux))
    func names() async throws {
        create(Array("two\nlines".utf8))
        create([0x66, 0xff])
        create([0xc3])
        let page = try await stage.files.list("")
        #expect(page.entries.map(\.name) == ["two\nlines"])
        #expect(page.unnameable == 2)
        #expect(try await stage.files.facts(of: "two\nlines").kind == .file)
    }

    @Test("parts of files that are being written are not listed, and nobody may write over one")
    func parts() async throws {
        let part = try await stage.files.begin(WriteIntent(path: "new", size: 5))
        #expect(try stage.names(stage.root) == [".kin-cp-\(part.token).part"])
        #expect(try await stage.files.list("").entries == [])
        let intent = WriteIntent(path: ".kin-cp-\(part.token).part", size: 1, overwrites: true)
        #expect(await code { try await stage.files.begin(intent) } == "path_reserved")
    }

    @Test("what is no folder cannot be listed")
    func noFolder() async throws {
        try stage.put("x", "file")
        #expect(await code { try await stage.files.list("file") } == "not_a_folder")
        #expect(await code { try await stage.files.list("none") } == "file_missing")
    }

    @Test("a folder is made once, and only where nothing else is")
    func folders() async throws {
        #expect(try await stage.files.makeFolder("new"))
        #expect(try await !stage.files.makeFolder("new/"))
        #expect(try await !stage.files.makeFolder(""))
        #expect(try await stage.files.makeFolder("new/inner/", mode: 0o7700))
        #expect(try await stage.files.facts(of: "new/inner").mode == 0o700, "no more than nine bits")
        try stage.put("x", "file")
        #expect(await code { try await stage.files.makeFolder("file") } == "file_exists")
        #expect(await code { try await stage.files.makeFolder("none/inner") } == "folder_missing")
    }
}

#if os(Linux)
    let isLinux = true
#else
    let isLinux = false
#endif
