import KinDaemonAPI
import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinCommands

/// Files as people see them.
@Suite struct FileDrawingTests {
    @Test(
        "a number of bytes has one digit behind the point and the unit that fits",
        arguments: [
            (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1999, "1.9 kB"), (999_999, "999.9 kB"),
            (1_000_000, "1.0 MB"), (524_288_000, "524.2 MB"), (2_147_483_648, "2.1 GB"), (Int64.max, "9223.3 PB"),
        ] as [(Int64, String)])
    func bytes(count: Int64, text: String) { #expect(ByteCount.text(count) == text) }

    @Test("progress is written over on a terminal, taken away at the end, and nowhere else")
    func progress() throws {
        let stage = try Stage()
        let line = ProgressLine(Output(form: .text, context: stage.context))
        line.show(1, of: 2)
        line.end()
        #expect(stage.errors.text == "", "nobody watches")
        #expect(ProgressLine.bar(0, of: 0) == "[####################]")
        #expect(ProgressLine.bar(0, of: 9) == "[....................]")
        #expect(ProgressLine.bar(1, of: 2) == "[##########..........]")
        #expect(ProgressLine.bar(Int64.max, of: Int64.max) == "[####################]")
    }

    @Test("a file's message is a line that says what to do with it, and nothing a terminal would obey")
    func message() throws {
        let id = ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10))
        let file = SharedFile(
            file: id, name: try FileName("report.pdf").orThrow("a name"), size: 1_500,
            sha256: [UInt8](repeating: 1, count: 32), key: [UInt8](repeating: 2, count: 32), expiresAt: nil,
            message: "as promised")
        let body = String(decoding: file.shown.canonicalBytes(), as: UTF8.self)
        let text = MessageDrawing.text(body, as: SharedFile.contentType)
        #expect(text == "[file] report.pdf, 1.5 kB  kin get \(id): as promised")
        #expect(MessageDrawing.text(body, as: "text/plain") == body)
        #expect(MessageDrawing.text("{}", as: SharedFile.contentType) == "{}")
    }

    @Test("a hidden name is written nowhere unasked", arguments: [".profile", "...", ".ssh"])
    func hidden(name: String) throws {
        #expect(try FileName(name).orThrow("a name").isHidden)
        #expect(try !FileName("a" + name).orThrow("a name").isHidden)
    }

    @Test("what keeps a share from ever being shared is said, and nothing else is")
    func failures() throws {
        var info = FileInfo(
            id: ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10)), direction: .sent,
            name: try FileName("a").orThrow("a name"), size: 1, status: .dead, peer: "studio",
            peerMember: ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10)), createdAt: 1)
        info.lastError = "file_changed"
        #expect(ShareWatch.failure(info)?.code == "file_changed")
        for status in FileInfo.Status.allCases where ![.dead, .deleted].contains(status) {
            info.status = status
            #expect(ShareWatch.failure(info) == nil)
        }
    }
}
