import Foundation
import KinCrypto
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct StateFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    @Test("a file that replaces another is another file: readers of the old one keep it whole")
    func atomicReplace() throws {
        let path = folder.file("state")
        try StateFolder.write(Array("old content".utf8), to: path, mode: 0o600)
        let reader = try FileHandle(forReadingFrom: URL(filePath: path))
        try StateFolder.write(Array("new".utf8), to: path, mode: 0o644)
        #expect(try reader.readToEnd() == Data("old content".utf8))
        #expect(try StateFolder.read(path) == Array("new".utf8))
        #expect(try mode(of: path) == 0o644)
        #expect(try names() == ["state"])
    }

    @Test("the mode is as asked, whatever the umask")
    func umask() throws {
        let path = folder.file("state")
        try StateFolder.write([1], to: path, mode: 0o644)
        #expect(try mode(of: path) == 0o644)
    }

    @Test("a replacement that fails leaves the old file and nothing else")
    func failedReplace() throws {
        try FileManager.default.createDirectory(atPath: folder.file("taken"), withIntermediateDirectories: false)
        let error = #expect(throws: KinError.self) {
            try StateFolder.write(SecretBytes(copying: [1]), to: folder.file("taken"))
        }
        #expect(error?.code == "home_not_writable")
        #expect(try names() == ["taken"])
    }

    @Test("writers of one file at the same time leave what one of them wrote, whole")
    func concurrentWriters() async throws {
        let path = folder.file("state")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 1...8 as ClosedRange<UInt8> {
                group.addTask {
                    for _ in 0..<20 {
                        let content = [UInt8](repeating: writer, count: 1_000 * Int(writer))
                        try StateFolder.write(content, to: path, mode: 0o600)
                    }
                }
            }
            try await group.waitForAll()
        }
        let content = try #require(try StateFolder.read(path))
        #expect(content == [UInt8](repeating: content[0], count: 1_000 * Int(content[0])))
        #expect(try names() == ["state"])
    }

    @Test("a file that is not there is nil, one that is too large is refused unread")
    func reading() throws {
        #expect(try StateFolder.read(folder.file("none")) == nil)
        #expect(try StateFolder.readSecret(folder.file("none")) == nil)
        try StateFolder.write([UInt8](repeating: 1, count: 11), to: folder.file("state"), mode: 0o600)
        #expect(try StateFolder.read(folder.file("state"), limit: 11)?.count == 11)
        let error = #expect(throws: KinError.self) { try StateFolder.read(folder.file("state"), limit: 10) }
        #expect(error?.code == "file_too_large")
    }

    @Test("an empty file is read as nothing")
    func empty() throws {
        try StateFolder.write([], to: folder.file("state"), mode: 0o600)
        #expect(try StateFolder.read(folder.file("state")) == [])
    }

    @Test("a path that is no file is an error, not nothing")
    func notAFile() throws {
        let error = #expect(throws: KinError.self) { try StateFolder.read(folder.path) }
        #expect(error?.code == "file_unreadable")
        #expect(throws: KinError.self) { try StateFolder.write([1], to: folder.file("no/where"), mode: 0o600) }
    }
}
