import KinFileAccess
import KinWire
import Synchronization

@testable import KinCommands

/// A fake: an end whose connection is cut where a test says, before a call is done or when only its answer is lost.
final class CuttingEnd: CopyEnd {
    enum Call: Hashable { case facts, list, read, digest, makeFolder, begin, write, digestPart, finish, discard }

    struct Cut {
        var call: Call
        /// The how manieth such call from now, 1 for the next.
        var number: Int
        /// Whether the call is done all the same.
        var isDone = false
        /// How many calls of any kind fail in all; the others are the ones behind it.
        var length = 1
        var error = CuttingEnd.lost
    }

    private struct State {
        var cuts: [Cut] = []
        var failing = 0
        var error = CuttingEnd.lost
        var counts: [Call: Int] = [:]
        var written: Int64 = 0
        var read: Int64 = 0
        var hook: (call: Call, body: @Sendable () -> Void)?
    }

    static let lost = KinError("link_lost", "the link to kiosk was lost", category: .unreachable, retryable: true)

    let device: DeviceName?
    private let end: any CopyEnd
    private let state = Mutex(State())

    init(_ end: any CopyEnd, device: DeviceName?) {
        self.end = end
        self.device = device
    }

    func cut(_ cut: Cut) { state.withLock { $0.cuts.append(cut) } }

    func cut(_ call: Call, _ number: Int, isDone: Bool = false, length: Int = 1) {
        cut(Cut(call: call, number: number, isDone: isDone, length: length))
    }

    /// No more cuts.
    func heal() { state.withLock { ($0.cuts, $0.failing) = ([], 0) } }

    /// Does something before the next such call, once.
    func before(_ call: Call, _ body: @escaping @Sendable () -> Void) { state.withLock { $0.hook = (call, body) } }

    func count(_ call: Call) -> Int { state.withLock { $0.counts[call] ?? 0 } }

    /// Bytes of chunks that were written.
    var written: Int64 { state.withLock { $0.written } }
    var read: Int64 { state.withLock { $0.read } }

    private func through<T>(_ call: Call, _ body: () async throws(KinError) -> T) async throws(KinError) -> T {
        let hook: (@Sendable () -> Void)? = state.withLock { state in
            guard state.hook?.call == call else { return nil }
            defer { state.hook = nil }
            return state.hook?.body
        }
        hook?()
        let (error, isDone): (KinError?, Bool) = state.withLock { state in
            state.counts[call, default: 0] += 1
            if state.failing > 0 {
                state.failing -= 1
                return (state.error, false)
            }
            guard let index = state.cuts.firstIndex(where: { $0.call == call }) else { return (nil, true) }
            state.cuts[index].number -= 1
            guard state.cuts[index].number == 0 else { return (nil, true) }
            let cut = state.cuts.remove(at: index)
            (state.failing, state.error) = (cut.length - 1, cut.error)
            return (cut.error, cut.isDone)
        }
        guard let error else { return try await body() }
        if isDone { _ = try await body() }
        throw error
    }

    func facts(of path: String) async throws(KinError) -> FileFacts? {
        try await through(.facts) { () throws(KinError) in try await end.facts(of: path) }
    }

    func list(_ path: String, after: String?) async throws(KinError) -> FolderPage {
        try await through(.list) { () throws(KinError) in try await end.list(path, after: after) }
    }

    func read(_ path: String, at offset: Int64, count: Int) async throws(KinError) -> FilePiece {
        let piece = try await through(.read) { () throws(KinError) in
            try await end.read(path, at: offset, count: count)
        }
        state.withLock { $0.read += Int64(piece.bytes.count) }
        return piece
    }

    func digest(of path: String, first: Int64) async throws(KinError) -> FileDigest {
        try await through(.digest) { () throws(KinError) in try await end.digest(of: path, first: first) }
    }

    func makeFolder(_ path: String, mode: UInt32, under key: String?) async throws(KinError) -> Bool {
        try await through(.makeFolder) { () throws(KinError) in
            try await end.makeFolder(path, mode: mode, under: key)
        }
    }

    func begin(
        _ intent: WriteIntent, from start: RootedFiles.WriteStart, under key: String?
    ) async throws(KinError) -> WritePart {
        try await through(.begin) { () throws(KinError) in try await end.begin(intent, from: start, under: key) }
    }

    func write(_ bytes: [UInt8], at offset: Int64, to token: String, of path: String) async throws(KinError) {
        try await through(.write) { () throws(KinError) in
            try await end.write(bytes, at: offset, to: token, of: path)
            state.withLock { $0.written += Int64(bytes.count) }
        }
    }

    func digest(ofPart token: String, of path: String, first: Int64) async throws(KinError) -> FileDigest {
        try await through(.digestPart) { () throws(KinError) in
            try await end.digest(ofPart: token, of: path, first: first)
        }
    }

    func finish(_ intent: WriteIntent, token: String, sha256: [UInt8]) async throws(KinError) -> FileFacts {
        try await through(.finish) { () throws(KinError) in
            try await end.finish(intent, token: token, sha256: sha256)
        }
    }

    func discard(token: String, of path: String) async throws(KinError) {
        try await through(.discard) { () throws(KinError) in try await end.discard(token: token, of: path) }
    }
}
