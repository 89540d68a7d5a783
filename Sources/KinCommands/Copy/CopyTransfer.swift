import KinCrypto
import KinFileAccess
import KinWire
import Synchronization

/// Copies one file as it is at one moment: in chunks, over cuts, verified.
///
/// Nothing is kept on this side: where a copy stands, the target's part says.
final class CopyTransfer: Sendable {
    private struct State {
        var token: String?
        /// Of a part that was asked for and not answered.
        var key: String?
        /// Whether the target was asked to finish, and may have.
        var isFinishing: [UInt8]?
        /// Bytes of the file that are at the target.
        var there: Int64 = 0
        /// Bytes that an earlier run had brought.
        var resumed: Int64 = 0
        /// When something last came through.
        var movedAt: Duration
    }

    private let file: CopyPlan.File
    private let target: any CopyEnd
    private let options: CopyOptions
    /// Chunks of this file under way at once.
    private let width: Int
    private let news: CopyNews
    private let hash = CopyHash()
    private let state: Mutex<State>

    init(_ file: CopyPlan.File, to target: any CopyEnd, _ options: CopyOptions, width: Int, _ news: CopyNews) {
        self.file = file
        self.target = target
        self.options = options
        self.width = width
        self.news = news
        state = Mutex(State(movedAt: options.pace.now()))
    }

    private var intent: WriteIntent {
        WriteIntent(
            path: file.target, size: file.facts.size, mode: file.facts.mode, modifiedAt: file.facts.modifiedAt,
            overwrites: options.overwrites)
    }

    /// - Returns: bytes that were there from an earlier run.
    /// - Throws: `source_changed`, `digest_mismatch`; what may pass only once the patience is over.
    func run() async throws(KinError) -> Int64 {
        var pauses = CopyPauses()
        var movedAt: Duration?
        while true {
            do throws(KinError) {
                try await attempt()
                return state.withLock { $0.resumed }
            } catch {
                let last = state.withLock { $0.movedAt }
                // Something came through since the last cut: it is another one.
                if let movedAt, movedAt != last { pauses = CopyPauses() }
                movedAt = last
                try await wait(error, &pauses)
            }
        }
    }

    /// Takes away what is at the target of a file that will not be gone on with.
    func discard() async {
        guard let token = state.withLock({ $0.token }) else { return }
        _ = try? await target.discard(token: token, of: file.target)
        move(to: 0)
    }

    private func wait(_ error: KinError, _ pauses: inout CopyPauses) async throws(KinError) {
        guard !Task.isCancelled else { throw KinError(reporting: CancellationError()) }
        guard error.mayPass else { throw error }
        let waited = options.pace.now() - state.withLock { $0.movedAt }
        guard waited < options.patience else { throw givenUp(error, waited) }
        if pauses.isFirst { news.note("\(error.message); \(file.source.shown) goes on when it can") }
        await options.pace.sleep(pauses.next())
    }

    private func givenUp(_ error: KinError, _ waited: Duration) -> KinError {
        var error = error
        let span = Moments.span(Int64(waited / .milliseconds(1)))
        error.message = "\(error.message); given up after \(span): the same command goes on where it ended"
        return error
    }

    private func attempt() async throws(KinError) {
        if let digest = state.withLock({ $0.isFinishing }), try await isFinished(digest) { return }
        let (token, offset) = try await open()
        move(to: offset)
        try await send(from: offset, to: token)
        guard let now = try await file.source.end.facts(of: file.source.path), now.version == file.facts.version else {
            throw changed
        }
        let digest = try await wholeDigest()
        state.withLock { $0.isFinishing = digest }
        _ = try await target.finish(intent, token: token, sha256: digest)
    }

    /// Whether the file got its name though the answer was lost.
    private func isFinished(_ digest: [UInt8]) async throws(KinError) -> Bool {
        guard let there = try await target.facts(of: file.target), there.kind == .file,
            there.size == file.facts.size
        else { return false }
        return try await target.digest(of: file.target, first: there.size).sha256 == digest
    }

    private func wholeDigest() async throws(KinError) -> [UInt8] {
        if let digest = hash.digest { return digest }
        // Where both ends are far, what an earlier run brought was hashed by neither of our hands.
        let digest = try await file.source.end.digest(of: file.source.path, first: file.facts.size)
        guard digest.version == file.facts.version else { throw changed }
        return digest.sha256
    }

    private var changed: KinError {
        KinError(
            "source_changed",
            "\(file.source.shown) changes while it is copied: stop what writes it, then copy it again",
            category: .conflict)
    }
}

extension CopyTransfer {
    /// Begins at the target, or goes on there.
    /// - Returns: where the next chunk begins.
    private func open() async throws(KinError) -> (token: String, offset: Int64) {
        if let token = state.withLock({ $0.token }) {
            do throws(KinError) {
                let part = try await target.begin(intent, from: .part(token))
                return (token, hash.goOn(at: part.offset))
            } catch {
                // Cleaned up, or another copy of the same file took it over: that one is not to be disturbed twice.
                guard error.code == "part_void" else { throw error }
                guard state.withLock({ $0.there }) == 0 else { throw takenOver }
            }
        }
        var part = try await beginAnywhere()
        if part.offset > 0, try await !goesOn(part) {
            part = try await target.begin(intent, from: .beginning(part.token))
        }
        if part.offset == 0 { hash.begin(at: 0, SHA256Stream()) }
        state.withLock { state in
            state.token = part.token
            state.resumed = part.offset
        }
        return (part.token, part.offset)
    }

    /// Asked again after a cut it gives the same part, so that none is left behind.
    private func beginAnywhere() async throws(KinError) -> WritePart {
        let key = state.withLock { state in
            let key = state.key ?? RepeatKey.draw()
            state.key = key
            return key
        }
        do throws(KinError) {
            let part = try await target.begin(intent, from: .anywhere, under: key)
            state.withLock { $0.key = nil }
            return part
        } catch {
            if !error.mayPass { state.withLock { $0.key = nil } }
            throw error
        }
    }

    /// Whether what an earlier run left begins as the file does.
    private func goesOn(_ part: WritePart) async throws(KinError) -> Bool {
        let there = try await target.digest(ofPart: part.token, of: file.target, first: part.offset)
        let here = try await file.source.end.digest(of: file.source.path, first: part.offset)
        guard here.version == file.facts.version else { throw changed }
        guard here.sha256 == there.sha256 else { return false }
        hash.begin(at: part.offset, here.stream ?? there.stream)
        return true
    }

    private var takenOver: KinError {
        KinError(
            "target_taken",
            "another copy writes \(target.shown(file.target)), or what came of it was taken away: see which one it is to be, then copy again",
            category: .conflict)
    }

    private func send(from offset: Int64, to token: String) async throws(KinError) {
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                var (next, running) = (offset, 0)
                while next < file.facts.size || running > 0 {
                    if next < file.facts.size, running < width {
                        let (at, count) = (next, Int(min(Int64(options.chunk), file.facts.size - next)))
                        group.addTask { try await self.chunk(at, count, token) }
                        (next, running) = (next + Int64(count), running + 1)
                    } else {
                        try await group.next()
                        running -= 1
                    }
                }
            }
        } catch {
            throw KinError(reporting: error)
        }
    }

    private func chunk(_ offset: Int64, _ count: Int, _ token: String) async throws(KinError) {
        let piece = try await file.source.end.read(file.source.path, at: offset, count: count)
        guard piece.facts.version == file.facts.version, piece.bytes.count == count else { throw changed }
        hash.add(piece.bytes, at: offset)
        try await target.write(piece.bytes, at: offset, to: token, of: file.target)
        let now = options.pace.now()
        state.withLock { state in
            state.there += Int64(count)
            state.movedAt = now
        }
        news.moved(Int64(count))
    }

    private func move(to offset: Int64) {
        let change = state.withLock { state in
            defer { state.there = offset }
            return offset - state.there
        }
        if change != 0 { news.moved(change) }
    }
}
