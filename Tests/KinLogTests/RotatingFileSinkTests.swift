import Foundation
import KinLog
import KinTesting
import Testing

@Suite struct RotatingFileSinkTests {
    private let folder: TemporaryFolder
    private var path: String { folder.path + "/daemon.log" }

    init() throws { folder = try TemporaryFolder() }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test("lines are appended, to what was there before too")
    func appends() throws {
        try RotatingFileSink(path: path).write(line: Array("one\n".utf8))
        let again = try RotatingFileSink(path: path)
        again.write(line: Array("two\n".utf8))
        again.write(line: Array("three\n".utf8))
        #expect(try text(path) == "one\ntwo\nthree\n")
    }

    @Test(
        "after a line that a full disk cut, the next stands on a line of its own",
        .enabled(if: SmallDisk.isAvailable, "only root may mount a small disk"))
    func torn() throws {
        let disk = try SmallDisk(bytes: 1 << 20)
        let path = disk.file("daemon.log")
        let sink = try RotatingFileSink(path: path)
        try disk.occupyAll()
        let long = String(repeating: "x", count: 100_000) + "\n"
        for line in ["before\n", long, long] { sink.write(line: Array(line.utf8)) }
        try disk.release()
        for line in ["one\n", "two\n"] { sink.write(line: Array(line.utf8)) }
        #expect(try text(path).split(separator: "\n").suffix(2) == ["one", "two"])
    }

    @Test("the file is made with mode 0644")
    func mode() throws {
        let old = umask(0)
        defer { umask(old) }
        _ = try RotatingFileSink(path: path)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o644)
    }

    @Test("a line that no longer fits goes to a new file, the old one is set aside, and no line is cut")
    func rotates() throws {
        let sink = try RotatingFileSink(path: path, maxBytes: 10)
        for line in ["aaaa\n", "bbbb\n", "cccc\n", "dddd\n", "eeee\n"] { sink.write(line: Array(line.utf8)) }
        #expect(try text(path) == "eeee\n")
        #expect(try text(path + ".1") == "cccc\ndddd\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
    }

    @Test("what a file held at the start counts")
    func countsWhatWasThere() throws {
        try Data("12345678\n".utf8).write(to: URL(fileURLWithPath: path))
        let sink = try RotatingFileSink(path: path, maxBytes: 10)
        sink.write(line: Array("new\n".utf8))
        #expect(try text(path) == "new\n")
        #expect(try text(path + ".1") == "12345678\n")
    }

    @Test("a line longer than a whole file is written whole")
    func longLine() throws {
        let sink = try RotatingFileSink(path: path, maxBytes: 10)
        let line = String(repeating: "x", count: 100) + "\n"
        sink.write(line: Array(line.utf8))
        #expect(try text(path) == line)
    }

    @Test("lines of many threads stay whole")
    func threads() async throws {
        let sink = try RotatingFileSink(path: path)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<16 {
                group.addTask { for _ in 0..<50 { sink.write(line: Array("line of \(number)\n".utf8)) } }
            }
        }
        let lines = try text(path).split(separator: "\n")
        #expect(lines.count == 800)
        for number in 0..<16 { #expect(lines.filter { $0 == "line of \(number)" }.count == 50) }
    }

    @Test("a file that cannot be opened is an error with its path")
    func unwritable() {
        #expect(throws: CocoaError.self) { _ = try RotatingFileSink(path: folder.path + "/missing/daemon.log") }
    }
}
