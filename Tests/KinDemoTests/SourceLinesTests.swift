import Foundation
import KinWire
import Testing

@testable import KinDemo

@Suite("The lines that are streamed")
struct SourceLinesTests {
    private func folder(_ files: [String: String]) throws -> String {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("lines-\(UUID().uuidString)")
        for (name, text) in files {
            let file = root.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        return root.path
    }

    @Test("files come sorted, lines in order, empty ones too, and nothing after the last line's end")
    func order() throws {
        let root = try folder(["b.swift": "3\n", "a/a.swift": "1\n\n2", "notes.txt": "no", ".hidden/x.swift": "no"])
        defer { try? FileManager.default.removeItem(atPath: root) }
        #expect(try SourceLines.lines(below: root, atMost: 100) == ["1", "", "2", "3"])
        #expect(try SourceLines.lines(below: root, atMost: 2) == ["1", ""])
    }

    @Test("a folder without Swift gives its text files; what is no text is passed over")
    func text() throws {
        let root = try folder(["a.txt": "one\ntwo\n"])
        defer { try? FileManager.default.removeItem(atPath: root) }
        try Data([0xff, 0xfe, 0x0a]).write(to: URL(fileURLWithPath: root + "/b.bin"))
        #expect(try SourceLines.lines(below: root, atMost: 100) == ["one", "two"])
    }

    @Test("the repository is found from any folder inside it")
    func repository() throws {
        let root = try folder(["Package.swift": "x", "Sources/Kin/a.swift": "line\n", "Tests/deep/x": ""])
        defer { try? FileManager.default.removeItem(atPath: root) }
        #expect(try SourceLines.ofRepository(around: root + "/Tests/deep", atMost: 9) == ["line"])
    }

    @Test("where there is nothing to stream, the error names the option that helps")
    func nothing() throws {
        let root = try folder(["x": ""])
        defer { try? FileManager.default.removeItem(atPath: root) }
        for attempt in [
            { try SourceLines.lines(below: root, atMost: 9) },
            { try SourceLines.lines(below: root + "/no", atMost: 9) },
            { try SourceLines.ofRepository(around: root, atMost: 9) },
        ] {
            let error = #expect(throws: KinError.self) { try attempt() }
            #expect(error?.code == "no_sources")
            #expect(error?.message.contains("--lines-from DIR") == true)
        }
    }
}
