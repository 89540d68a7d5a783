import Foundation
import KinFileAccess
import KinTesting
import KinWire
import Testing

/// What is opened to others.
@Suite struct RootTests {
    private let stage: FileStage

    init() throws {
        stage = try FileStage()
        try stage.makeFolder("work")
        try stage.put("inside", "work/file")
    }

    @Test("a root that its owner wrote by way of a link is reached by both names")
    func linkedRoot() async throws {
        try FileManager.default.createSymbolicLink(atPath: stage.path + "/door", withDestinationPath: stage.root)
        let files = RootedFiles(roots: [stage.path + "/door"], home: stage.path + "/door")
        for path in [stage.path + "/door/work/file", stage.root + "/work/file", "work/file"] {
            #expect(try await files.facts(of: path).size == 6, "\(path)")
        }
        #expect(await code { try await files.facts(of: stage.outside) } == "outside_roots")
    }

    @Test("a root inside another, by a link out of it, is reached by its own name, and .. goes as far as both")
    func nestedRoots() async throws {
        try FileManager.default.createSymbolicLink(atPath: stage.root + "/far", withDestinationPath: stage.outside)
        let files = RootedFiles(roots: [stage.root + "/far", stage.root + "/work", stage.root], home: stage.root)
        #expect(try await files.facts(of: stage.root + "/far/secret").size == 6)
        #expect(try await files.facts(of: "work/../work/file").size == 6, "work lies in the other root")
        #expect(await code { try await files.facts(of: "far/..") } == "outside_roots")
    }

    @Test("a link may lead from one root into another")
    func betweenRoots() async throws {
        try stage.link("over", to: stage.outside + "/secret")
        let files = RootedFiles(roots: [stage.root, stage.outside], home: stage.root)
        #expect(try await files.facts(of: "over").size == 6)
        #expect(await code { try await stage.files.facts(of: "over") } == "outside_roots")
    }

    @Test("a root that is not there yet is missing, and there once it is made; so is one that is made again")
    func lateRoot() async throws {
        let late = stage.path + "/late"
        let files = RootedFiles(roots: [late], home: stage.root)
        #expect(await code { try await files.facts(of: late) } == "file_missing")
        try FileStage.makeFolder(late)
        try FileStage.put("one", late + "/file")
        #expect(try await files.facts(of: late + "/file").size == 3)
        try FileManager.default.removeItem(atPath: late)
        try FileStage.makeFolder(late)
        try FileStage.put("three", late + "/file")
        #expect(try await files.facts(of: late + "/file").size == 5)
    }

    @Test("with / as the root everything is reached, and .. stays there")
    func top() async throws {
        let files = RootedFiles(roots: ["/"], home: stage.root)
        #expect(try await files.facts(of: stage.outside + "/secret").size == 6)
        #expect(try await files.facts(of: "/../..").kind == .folder)
        #expect(try await files.facts(of: "../outside/secret").size == 6)
    }

    @Test("a closed folder is entered by no name, by no link, and not after it was moved")
    func closed() async throws {
        try stage.makeFolder("keys/deep")
        try stage.put("key", "keys/deep/file")
        try stage.link("by-link", to: "keys/deep")
        let files = RootedFiles(roots: [stage.root], home: stage.root, closed: [stage.root + "/keys"])
        #expect(await code { try await files.read("keys/deep/file", at: 0, count: 9) } == "outside_roots")
        #expect(await code { try await files.read("by-link/file", at: 0, count: 9) } == "outside_roots")
        #expect(await code { try await files.list("keys") } == "outside_roots")
        #expect(await code { try await files.list("keys/") } == "outside_roots")
        #expect(await code { try await files.makeFolder("keys/new") } == "outside_roots")
        #expect(await code { try await files.begin(WriteIntent(path: "keys/new", size: 1)) } == "outside_roots")
        #expect(try await files.list("").entries.map(\.name) == ["by-link", "keys", "work"])
        try FileManager.default.moveItem(atPath: stage.root + "/keys", toPath: stage.root + "/moved")
        #expect(await code { try await files.read("moved/deep/file", at: 0, count: 9) } == "outside_roots")
        try FileStage.makeFolder(stage.root + "/keys")
        #expect(await code { try await files.list("keys") } == "outside_roots", "the new one too")
        #expect(try await files.facts(of: "work/file").size == 6)
    }
}
