import Foundation
import KinIdentity
import KinTesting
import Testing

@Suite struct FileLockTests {
    @Test("a folder's lock is held once, names its holder, and is free again when that is gone")
    func once() throws {
        let path = NSTemporaryDirectory() + "kindred-lock-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        var lock: FileLock? = try FileLock(path)
        let taken = #expect(throws: FileLock.Taken.self) { _ = try FileLock(path) }
        #expect(taken?.pid == String(ProcessInfo.processInfo.processIdentifier))
        #expect(lock != nil)
        lock = nil
        _ = try FileLock(path)
    }
}
