import Foundation
import Testing

@testable import KinDemo

@Suite("What a blind server must not hold")
struct BlindnessCheckTests {
    @Test("a text is found in any file below a folder, and in a file itself; other files are clean")
    func finds() throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("blind-\(UUID().uuidString)")
        let deep = root.appendingPathComponent("deep")
        try FileManager.default.createDirectory(at: deep, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: root) }
        try Data([0, 1] + "a secret line".utf8 + [0]).write(to: deep.appendingPathComponent("broker.db"))
        try Data("studio".utf8).write(to: root.appendingPathComponent("log"))
        let check = BlindnessCheck(secrets: ["secret line", "studio", "absent"])
        #expect(
            Set(check.finds(in: [deep.path, root.path + "/log", root.path + "/none"])) == [
                "secret line in \(deep.path)/broker.db", "studio in \(root.path)/log",
            ])
    }
}
