import Foundation
import KinCrypto
import KinEncoding
import KinFileAccess
import KinTesting
import KinWire
import Testing

@testable import KinCommands

/// Copies over links that are cut.
@Suite struct CopyEngineTests {
    private let stage: CopyStage
    private let chunk = 1 << 18
    /// 20 chunks and a little.
    private static let large = (0..<(20 << 18) + 1000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 11) }
    private let large = CopyEngineTests.large

    init() throws { stage = try CopyStage() }

    @Test("a file arrives with its content, mode and time", arguments: [0, 1, 1 << 18, (1 << 18) + 1, 3_000_000])
    func sizes(size: Int) async throws {
        try stage.put(Array(large.prefix(size)), stage.here + "/file")
        chmod(stage.here + "/file", 0o751)
        let result = try await stage.copy("file", to: "new")
        #expect(result.failure == nil && result.files == 1 && result.bytes == Int64(size) && result.resumed == 0)
        #expect(try stage.bytes(stage.there + "/new") == Array(large.prefix(size)))
        let (here, there) = (
            try await stage.near.facts(of: "file"), try await stage.kiosk.facts(of: "new")
        )
        #expect(there?.mode == 0o751 && there?.modifiedAt == here?.modifiedAt)
        #expect(stage.moved.withLock { $0 } == Int64(size))
        #expect(try stage.names(stage.there) == ["new"], "nothing else stays")
    }

    @Test("it goes from there to here, from here to here, and from there to there")
    func directions() async throws {
        try stage.put(large, stage.there + "/file")
        var options = stage.options
        options.underWay = 32
        let first = try await stage.copy("file", to: "a", from: stage.kiosk, onto: stage.near, options: options)
        #expect(first.failure == nil)
        #expect(try await stage.copy("a", to: "b", onto: stage.near).failure == nil)
        #expect(try await stage.copy("file", to: "c", from: stage.kiosk).failure == nil)
        for path in [stage.here + "/a", stage.here + "/b", stage.there + "/c"] {
            #expect(try stage.bytes(path) == large, "\(path)")
        }
    }

    @Test(
        "after a cut it goes on where the part ends: no byte goes twice beyond the last chunk",
        arguments: [1, 5, 21], [false, true])
    func cuts(number: Int, isDone: Bool) async throws {
        try stage.put(large, stage.here + "/file")
        stage.kiosk.cut(.write, number, isDone: isDone, length: 20)
        let result = try await stage.copy("file", to: "new")
        #expect(result.failure == nil)
        #expect(try stage.bytes(stage.there + "/new") == large)
        #expect(stage.kiosk.written <= Int64(large.count + chunk))
        #expect(stage.kiosk.count(.begin) >= 2)
        #expect(stage.kiosk.count(.digestPart) == 0, "what this run wrote need not be checked again")
        #expect(stage.said.contains("the link to kiosk was lost; file goes on when it can"))
    }

    @Test(
        "every call may be cut, done or not, and the copy is whole in the end",
        arguments: [
            CuttingEnd.Call.facts, .begin, .write, .finish,
        ], [false, true])
    func anyCall(call: CuttingEnd.Call, isDone: Bool) async throws {
        try stage.put(large, stage.here + "/file")
        for number in [1, 1, 2] { stage.kiosk.cut(call, number, isDone: isDone) }
        #expect(try await stage.copy("file", to: "new").failure == nil)
        #expect(try stage.bytes(stage.there + "/new") == large)
        #expect(try stage.names(stage.there) == ["new"])
        #expect(stage.kiosk.written <= Int64(large.count + 3 * chunk))
    }

    @Test("a source that is far may be cut too", arguments: [CuttingEnd.Call.facts, .read], [false, true])
    func farSource(call: CuttingEnd.Call, isDone: Bool) async throws {
        try stage.put(large, stage.there + "/file")
        for number in [1, 3, 7] { stage.kiosk.cut(call, number, isDone: isDone, length: 3) }
        #expect(try await stage.copy("file", to: "new", from: stage.kiosk, onto: stage.near).failure == nil)
        #expect(try stage.bytes(stage.here + "/new") == large)
        #expect(stage.near.written <= Int64(large.count + 3 * chunk))
    }

    @Test("the next run goes on with what the one before left, in either direction")
    func nextRun() async throws {
        try stage.put(large, stage.here + "/file")
        stage.kiosk.cut(.write, 11, length: 1_000_000)
        let given = try await stage.copy("file", to: "new")
        #expect(given.failure?.code == "link_lost" && given.failure?.category == .unreachable)
        #expect(given.failure?.message.contains("given up after 5 min") == true)
        #expect(stage.time.now >= .seconds(300) && stage.time.now < .seconds(320))
        stage.kiosk.heal()
        let before = stage.kiosk.written
        #expect(before > 0 && before < Int64(large.count))
        let result = try await stage.copy("file", to: "new")
        #expect(result.failure == nil && result.resumed == before)
        #expect(stage.kiosk.written == Int64(large.count))
        #expect(try stage.bytes(stage.there + "/new") == large)
        // The other way, where the hash of what was there is known by this side's own reading.
        stage.kiosk.cut(.read, 11, length: 1_000_000)
        #expect(try await stage.copy("new", to: "back", from: stage.kiosk, onto: stage.near).failure != nil)
        stage.kiosk.heal()
        let back = try await stage.copy("new", to: "back", from: stage.kiosk, onto: stage.near)
        #expect(back.failure == nil && back.resumed > 0)
        #expect(stage.near.written == Int64(large.count))
        #expect(try stage.bytes(stage.here + "/back") == large)
    }

    @Test("between two far ends the next run goes on too")
    func farToFar() async throws {
        try stage.put(large, stage.there + "/file")
        let other = CuttingEnd(
            RootedEnd(files: RootedFiles(roots: [stage.here], home: stage.here)), device: DeviceName("studio"))
        other.cut(.write, 11, length: 1_000_000)
        #expect(try await stage.copy("file", to: "new", from: stage.kiosk, onto: other).failure != nil)
        other.heal()
        let result = try await stage.copy("file", to: "new", from: stage.kiosk, onto: other)
        #expect(result.failure == nil && result.resumed > 0)
        #expect(other.written == Int64(large.count))
        #expect(try stage.bytes(stage.here + "/new") == large)
    }

    @Test("a part that does not begin as the file does is not gone on with")
    func otherBeginning() async throws {
        try stage.put(large, stage.here + "/file")
        stage.kiosk.cut(.write, 11, length: 1_000_000)
        _ = try await stage.copy("file", to: "new")
        stage.kiosk.heal()
        let part = try #require(try stage.names(stage.there).first)
        let handle = try FileHandle(forWritingTo: URL(filePath: stage.there + "/" + part))
        try handle.write(contentsOf: Data([99, 98, 97]))
        try handle.close()
        let result = try await stage.copy("file", to: "new")
        #expect(result.failure == nil && result.resumed == 0)
        #expect(try stage.bytes(stage.there + "/new") == large)
    }

    @Test("a file that changes is said, copied once more, and given up if it changes again")
    func changing() async throws {
        try stage.put(large, stage.here + "/file")
        let path = stage.here + "/file"
        let change: @Sendable () -> Void = {
            let handle = FileHandle(forWritingAtPath: path)
            _ = try? handle?.seekToEnd()
            try? handle?.write(contentsOf: Data([1]))
        }
        stage.near.before(.read, change)
        // Before the first chunk: the plan has older facts.
        let result = try await stage.copy("file", to: "new")
        #expect(result.failure == nil && result.repeated == ["file"])
        #expect(stage.said.contains("file changed while it was copied: once more"))
        #expect(try stage.bytes(stage.there + "/new") == large + [1])
        stage.near.before(.read) {
            change()
            stage.kiosk.before(.begin) { stage.near.before(.read, change) }
        }
        let again = try await stage.copy("file", to: "other")
        #expect(again.failure?.code == "source_changed")
        #expect(try stage.names(stage.there) == ["new"], "no part of it stays")
    }

    @Test("a change after the last byte was read is noticed before the file gets its name")
    func lateChange() async throws {
        try stage.put("one", here: "file")
        let path = stage.here + "/file"
        stage.kiosk.before(.write) { try? Data("two".utf8).write(to: URL(filePath: path)) }
        #expect(try await stage.copy("file", to: "new").repeated == ["file"])
        #expect(try stage.text(there: "new") == "two")
    }

    @Test("what arrives otherwise than it was sent is sent once more")
    func damaged() async throws {
        try stage.put(large, stage.here + "/file")
        let there = stage.there
        stage.kiosk.before(.finish) {
            let part = (try? FileManager.default.contentsOfDirectory(atPath: there))?.first ?? ""
            let handle = FileHandle(forWritingAtPath: there + "/" + part)
            try? handle?.write(contentsOf: Data([99]))
        }
        let result = try await stage.copy("file", to: "new")
        #expect(result.failure == nil && result.repeated == ["file"])
        #expect(stage.said.contains("file arrived otherwise than it was sent: once more"))
        #expect(try stage.bytes(stage.there + "/new") == large)
    }

    @Test("what stands in one file's way does not stop the others; what stops all is the command's end")
    func failures() async throws {
        for name in ["a", "b", "c"] { try stage.put(name, here: "tree/\(name)") }
        try FileManager.default.createDirectory(atPath: stage.there + "/new/b", withIntermediateDirectories: true)
        let result = try await stage.copy("tree/.", to: "new", recursive: true)
        #expect(result.files == 2 && result.failed.map(\.error.code) == ["is_a_folder"])
        #expect(result.failure?.code == "copy_incomplete" && result.failure?.category == .failed)
        stage.kiosk.cut(
            .init(
                call: .write, number: 1, error: KinError("storage_full", "full", category: .exhausted, retryable: true))
        )
        let full = try await stage.copy("tree", to: "other", recursive: true)
        #expect(full.end?.code == "storage_full" && full.files + full.untried == 3)
        #expect(stage.time.now == .zero, "nobody waits for a disk")
    }

    @Test("a file that is there is replaced, or refused where that was not wanted")
    func overwriting() async throws {
        try stage.put("new", here: "file")
        try stage.put("old", stage.there + "/file")
        var options = stage.options
        options.overwrites = false
        #expect(try await stage.copy("file", to: "file", options: options).failure?.code == "file_exists")
        #expect(try stage.text(there: "file") == "old")
        #expect(try await stage.copy("file", to: "file").failure == nil)
        #expect(try stage.text(there: "file") == "new")
    }

    @Test("where replacing is not wanted, an answer that was lost does not make the file its own obstacle")
    func lostAnswer() async throws {
        try stage.put(large, stage.here + "/file")
        stage.kiosk.cut(.finish, 1, isDone: true)
        var options = stage.options
        options.overwrites = false
        #expect(try await stage.copy("file", to: "new", options: options).failure == nil)
        #expect(stage.kiosk.written == Int64(large.count))
    }

    @Test("another copy of the same file that takes over ends this one, and both do not fight")
    func takenOver() async throws {
        try stage.put(large, stage.here + "/file")
        let facts = try #require(try await stage.near.facts(of: "file"))
        let intent = WriteIntent(
            path: "new", size: facts.size, mode: facts.mode, modifiedAt: facts.modifiedAt, overwrites: true)
        let rival = RootedFiles(roots: [stage.there], home: stage.there)
        stage.kiosk.cut(.write, 9, length: 20)
        let taken = Latch()
        stage.kiosk.before(.finish) {
            Thread.detachNewThread {
                Task {
                    _ = try? await rival.begin(intent)
                    taken.open()
                }
            }
            taken.wait()
        }
        let result = try await stage.copy("file", to: "new")
        #expect(["part_void", "target_taken"].contains(result.failure?.code))
        #expect(result.failure?.category == .conflict)
        #expect(stage.time.now < .seconds(300))
    }

    @Test("a source that changed while the link was cut is copied once more, from its beginning")
    func changedDuringCut() async throws {
        try stage.put(large, stage.here + "/file")
        stage.kiosk.cut(.write, 11, length: 20)
        let (path, changed) = (stage.here + "/file", Array(large.reversed()))
        let isChanged = Observed(false)
        var options = stage.options
        options.pace.sleep = { [pace = options.pace] pause in
            if !isChanged.value {
                isChanged.update { $0 = true }
                try? Data(changed).write(to: URL(filePath: path))
            }
            await pace.sleep(pause)
        }
        let result = try await stage.copy("file", to: "new", options: options)
        #expect(result.failure == nil && result.repeated == ["file"])
        #expect(try stage.bytes(stage.there + "/new") == changed)
        #expect(try stage.names(stage.there) == ["new"], "what came of the former one is gone")
    }

    @Test(
        "a source that changed between two runs is copied from its beginning, even where size and time are the same",
        arguments: [false, true])
    func changedBetweenRuns(keepsTime: Bool) async throws {
        try stage.put(large, stage.here + "/file")
        let before = try #require(try await stage.near.facts(of: "file"))
        stage.kiosk.cut(.write, 11, length: 1_000_000)
        #expect(try await stage.copy("file", to: "new").failure != nil)
        stage.kiosk.heal()
        try stage.put(Array(large.reversed()), stage.here + "/file")
        if keepsTime {
            let time = timeval(
                tv_sec: Int(before.modifiedAt / 1000), tv_usec: numericCast(before.modifiedAt % 1000 * 1000))
            utimes(stage.here + "/file", [time, time])
        }
        let result = try await stage.copy("file", to: "new")
        #expect(result.failure == nil && result.resumed == 0)
        #expect(try stage.bytes(stage.there + "/new") == large.reversed())
    }

    @Test("two copies onto one place at once: one at least arrives whole, the other too or with its reason")
    func twoAtOnce() async throws {
        for round in 0..<6 {
            // Alike, so that one may take over what the other brought, or each its own.
            let sources = round.isMultiple(of: 2) ? ["file", "file"] : ["file", "other"]
            let contents = ["file": large, "other": Array(large.reversed())]
            for (name, bytes) in contents { try stage.put(bytes, stage.here + "/" + name) }
            let (stage, target) = (stage, "new\(round)")
            let results = try await withThrowingTaskGroup(of: CopyResult.self) { group in
                for source in sources {
                    group.addTask { try await stage.copy(source, to: target) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let reasons = results.compactMap { $0.failure?.code }
            #expect(reasons.count < 2)
            #expect(Set(reasons).isSubset(of: ["part_void", "target_taken"]), "\(reasons)")
            let arrived = try stage.bytes(stage.there + "/" + target)
            #expect(contents.values.contains(arrived))
        }
        #expect(try stage.names(stage.there).allSatisfy { !$0.hasPrefix(".kin-cp") }, "no part stays")
    }

    @Test("what two runs at once begin here is found by the next one, when nobody came back for it")
    func sharedLedger() async throws {
        let (ledger, here) = (stage.there + "/copies", stage.here)
        let runs = ["one", "two"].map { _ in NearEnd(workingFolder: here, ledger: ledger) }
        for (run, folder) in zip(runs, ["one", "two"]) {
            _ = try await run.makeFolder(folder, mode: 0o755, under: nil)
            _ = try await run.begin(WriteIntent(path: folder + "/new", size: 5), from: .anywhere)
        }
        let later = Int64(Date().timeIntervalSince1970 * 1000) + RootedFiles.partLife + 60_000
        await NearEnd(workingFolder: here, ledger: ledger).sweep(now: later)
        #expect(try stage.names(here) == ["one", "two"])
    }

    @Test("a copy that is interrupted ends at once and leaves what came")
    func interrupted() async throws {
        try stage.put(large, stage.here + "/file")
        let stage = stage
        stage.kiosk.cut(.write, 11, length: 1_000_000)
        let asleep = Observed(false)
        var options = stage.options
        options.pace.sleep = { _ in
            asleep.update { $0 = true }
            try? await Task.sleep(for: .seconds(60))
        }
        let task = Task { [options] in try await stage.copy("file", to: "new", options: options) }
        try await asleep.wait { $0 }
        task.cancel()
        let result = try await task.value
        #expect(result.end?.code == "interrupted" && result.untried == 1)
        #expect(try stage.names(stage.there).count == 1, "the part")
    }

    @Test("100 MB go through a cut in memory that does not grow with them")
    func hundredMegabytes() async throws {
        let size = 100_000_000
        try stage.put([], stage.here + "/file")
        let handle = try FileHandle(forWritingTo: URL(filePath: stage.here + "/file"))
        let block = Data((0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ $0 >> 8) })
        for _ in 0..<(size / block.count) { try handle.write(contentsOf: block) }
        try handle.close()
        stage.kiosk.cut(.write, 200, length: 20)
        let result = try await stage.copy("file", to: "new")
        #expect(result.failure == nil && result.bytes == Int64(size))
        #expect(stage.kiosk.written <= Int64(size + chunk))
        let (here, there) = (
            try await stage.near.digest(of: "file", first: Int64(size)),
            try await stage.kiosk.digest(of: "new", first: Int64(size))
        )
        #expect(here.sha256 == there.sha256)
    }

    @Test("the result says for programs what was copied, left out and failed")
    func json() {
        let result = CopyResult(
            files: 2, folders: 1, bytes: 10, resumed: 4, repeated: ["log"],
            skipped: [.init(path: "l", reason: "a link")],
            failed: [.init(path: "f", error: KinError("access_denied", "no"))], untried: 3)
        #expect(
            String(decoding: result.json.canonicalBytes(), as: UTF8.self)
                == #"{"bytes":10,"failed":[{"code":"access_denied","message":"no","path":"f"}],"files":2,"folders":1,"repeated":["log"],"resumed":4,"skipped":[{"path":"l","reason":"a link"}],"untried":3}"#
        )
        #expect(CopyResult(files: 1).failure == nil)
    }

    @Test("on a terminal it shows bytes, rate and the time that is left; elsewhere lines alone")
    func progress() throws {
        #expect(ProgressLine.rate(10_000_000, in: 2, left: 20_000_000) == "  5.0 MB/s  4 s left")
        #expect(ProgressLine.rate(10, in: 2, left: 0) == "  5 B/s")
        #expect(ProgressLine.rate(0, in: 2, left: 10) == "  0 B/s")
        let terminal = try Stage(errors: RecordingStream(isTerminal: true))
        let shown = CopyProgress(Output(form: .text, context: terminal.context))
        shown.begin(4)
        shown.news.moved(2)
        shown.news.note("left out: x\u{1b}[2J (a symbolic link)")
        shown.end()
        #expect(terminal.errors.text.contains("[##########..........]  2 B of 4 B"))
        #expect(!terminal.errors.text.contains("\u{1b}[2J"))
        let pipe = try Stage()
        let quiet = CopyProgress(Output(form: .text, context: pipe.context))
        quiet.begin(4)
        quiet.news.moved(4)
        quiet.news.note("a line")
        quiet.end()
        #expect(pipe.errors.text == "a line\n")
    }
}
