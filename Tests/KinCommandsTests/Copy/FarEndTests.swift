import Foundation
import KinCalls
import KinEncoding
import KinFileAccess
import KinTesting
import KinWire
import Synchronization
import Testing

@testable import KinCommands
@testable import KinDaemon

/// Copies by the calls of `/fs`, over a stream in memory that a test cuts.
@Suite struct FarEndTests {
    private let stage: CopyStage
    private let wire: CutWire
    private let kiosk: FarEnd
    private let large = FarEndTests.large
    private static let large = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 11) }

    init() throws {
        stage = try CopyStage()
        wire = CutWire(RootedFiles(roots: [stage.there], home: stage.there))
        kiosk = FarEnd(try DeviceName("kiosk").orThrow("a name"), on: { [wire] in wire.stream() })
    }

    @Test("a tree goes there and back")
    func tree() async throws {
        try stage.put(large, stage.here + "/tree/deep/large")
        try stage.put([], stage.here + "/tree/empty")
        try stage.put("x", here: "tree/two\nlines")
        #expect(try await stage.copy("tree", to: "~/new", recursive: true, onto: kiosk).failure == nil)
        #expect(
            try await stage.copy("~/new", to: "back", recursive: true, from: kiosk, onto: stage.near).failure == nil)
        #expect(try stage.names(stage.here + "/back") == stage.names(stage.here + "/tree"))
        #expect(try stage.bytes(stage.here + "/back/deep/large") == large)
    }

    @Test("over streams that end in the midst it goes on, and the content is the same", arguments: [5, 12, 14])
    func cuts(frames: Int) async throws {
        try stage.put(large, stage.here + "/file")
        var options = stage.options
        options.chunk = 1 << 16
        wire.cut(after: frames)
        let result = try await stage.copy("file", to: "new", onto: kiosk, options: options)
        #expect(result.failure == nil)
        #expect(try stage.bytes(stage.there + "/new") == large)
        #expect(wire.count > 1)
        wire.cut(after: frames)
        #expect(try await stage.copy("new", to: "back", from: kiosk, onto: stage.near, options: options).failure == nil)
        #expect(try stage.bytes(stage.here + "/back") == large)
    }

    @Test("what was begun and whose answer was lost is not begun twice: no part stays, and a folder is counted once")
    func lostAnswers() async throws {
        try stage.put("x", here: "tree/file")
        wire.loseAnswer(to: "mkdir")
        wire.loseAnswer(to: "begin")
        let result = try await stage.copy("tree", to: "new", recursive: true, onto: kiosk)
        #expect(result.failure == nil && result.folders == 1)
        #expect(wire.count == 3, "twice cut")
        #expect(try stage.names(stage.there + "/new") == ["file"])
    }

    @Test("what the other device refuses comes with its code and kind of end")
    func refused() async throws {
        try stage.put("x", here: "file")
        for (path, code, category) in [
            ("/etc/new", "outside_roots", KinError.Category.refused), ("none/new", "folder_missing", .notFound),
        ] {
            let error: KinError?
            do {
                error = try await stage.copy("file", to: path, onto: kiosk).failure
            } catch let refusal as KinError {
                error = refusal
            }
            #expect(error?.code == code && error?.category == category, "\(path)")
        }
    }

    @Test("work that takes long says how far it is, and one answer is the last")
    func progress() async throws {
        let number = open(stage.there + "/large", O_WRONLY | O_CREAT, 0o600)
        ftruncate(number, 40 << 20)
        close(number)
        let path = try OperationPath("/kiosk/fs/digest").orThrow("a path")
        let input = JSON.object(["path": .string("large")])
        let answers = try await wire.stream().subscribe(path, input)
        var seen: [JSON] = []
        while let answer = try await answers.next() { seen.append(answer) }
        let last = try await wire.stream().call(path, input)
        #expect(seen.count > 1 && seen.last == last)
        #expect(seen.first == .object(["checked": .integer(16 << 20)]))
    }

    @Test(
        "a device that lists names which lead out of a folder is not believed",
        arguments: [
            "../x", "a/b", "..", ".", "", "/etc/passwd", "a\u{0}b", "/\u{338}x",
        ])
    func hostileNames(name: String) throws {
        let facts = FileFacts(kind: .file, size: 1, mode: 0o644, modifiedAt: 1, identity: "a", version: "b")
        let page = FolderPage(entries: [FolderEntry(name: name, facts: facts)], next: nil, unnameable: 0)
        #expect(throws: WireError.self) { try FolderPage(page.json) }
        let sound = FolderPage(entries: [FolderEntry(name: "..x", facts: facts)], next: "..x", unnameable: 2)
        #expect(try FolderPage(sound.json) == sound)
    }
}

/// Streams in memory to a device's `/fs`; each can be ended after so many frames, as a lost link ends one.
private final class CutWire: Sendable {
    private struct State {
        var current: CallStream?
        var framesLeft: Int?
        /// Ends of operations' paths.
        var unanswered: [String] = []
        var count = 0
    }

    private let operations: Operations
    private let state = Mutex(State())

    init(_ files: RootedFiles) {
        var operations = Operations()
        FileOperations(files: files).register(in: &operations)
        self.operations = operations
    }

    /// How many there were.
    var count: Int { state.withLock { $0.count } }

    /// Ends the stream after so many more frames to the device; the next one lasts.
    func cut(after frames: Int) { state.withLock { $0.framesLeft = frames } }

    /// Ends the stream when the next such call is answered, before the answer comes.
    func loseAnswer(to operation: String) { state.withLock { $0.unanswered.append(operation) } }

    func stream() -> CallStream {
        if let current = state.withLock({ $0.current }), !current.hasEnded { return current }
        let (there, back) = (FrameQueue(), FrameQueue())
        let far = CallStream(back, with: .local, answering: Node(operations: operations), now: { 0 })
        let near = CallStream(there, with: .local, answering: Operations(), now: { 0 })
        state.withLock { state in
            state.current = near
            state.count += 1
        }
        let end = { @Sendable in
            for stream in [near, far] { stream.end(CallFault(.unavailable, "the link to kiosk was lost")) }
            for queue in [there, back] { queue.finish(CallFault(.unavailable, "the link to kiosk was lost")) }
        }
        let lost = Observed<ULID?>(nil)
        Task {
            while let frame = await there.next() {
                if isCut() { break }
                if let id = unanswered(frame) { lost.update { $0 = id } }
                try? far.receive(frame)
            }
            end()
        }
        Task {
            while let frame = await back.next() {
                if let id = lost.value, (try? CallEnvelope(frame: frame))?.id == id { break }
                try? near.receive(frame)
            }
            end()
        }
        return near
    }

    /// The call in a frame whose answer is to be lost.
    private func unanswered(_ frame: [UInt8]) -> ULID? {
        guard let envelope = try? CallEnvelope(frame: frame), case .requested(let request) = envelope.event else {
            return nil
        }
        return state.withLock { state in
            guard let index = state.unanswered.firstIndex(of: request.operation.parts.last ?? "") else { return nil }
            state.unanswered.remove(at: index)
            return envelope.id
        }
    }

    private func isCut() -> Bool {
        state.withLock { state in
            guard let left = state.framesLeft else { return false }
            state.framesLeft = left > 1 ? left - 1 : nil
            return left <= 1
        }
    }

    /// Takes the node off a path.
    private struct Node: CallResponder {
        let operations: Operations

        func respond(to call: IncomingCall) async throws {
            try await operations.respond(to: call, as: call.operation.node?.rest ?? call.operation)
        }
    }
}
