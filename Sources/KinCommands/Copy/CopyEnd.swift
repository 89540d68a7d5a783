import KinCrypto
import KinEncoding
import KinFileAccess
import KinWire

/// One end of a copy: the files of this machine, or those of another.
///
/// Errors that may pass (`KinError.retryable`, `.unreachable`) are tried again by the engine; an end only says them.
protocol CopyEnd: Sendable {
    /// nil: this machine.
    var device: DeviceName? { get }

    /// What is at a path, links followed; nil where nothing is.
    func facts(of path: String) async throws(KinError) -> FileFacts?

    /// Entries of a folder, links themselves.
    func list(_ path: String, after: String?) async throws(KinError) -> FolderPage

    func read(_ path: String, at offset: Int64, count: Int) async throws(KinError) -> FilePiece

    /// Of a file's first bytes.
    func digest(of path: String, first: Int64) async throws(KinError) -> FileDigest

    /// Makes a folder where there is none.
    /// - Parameter key: a repeat under the same one has the first answer.
    /// - Returns: whether it was made.
    func makeFolder(_ path: String, mode: UInt32, under key: String?) async throws(KinError) -> Bool

    /// - Parameter key: a repeat under the same one begins no second part.
    func begin(
        _ intent: WriteIntent, from start: RootedFiles.WriteStart, under key: String?
    ) async throws(KinError) -> WritePart

    func write(_ bytes: [UInt8], at offset: Int64, to token: String, of path: String) async throws(KinError)

    /// Of a part's first bytes.
    func digest(ofPart token: String, of path: String, first: Int64) async throws(KinError) -> FileDigest

    /// - Throws: `digest_mismatch`.
    func finish(_ intent: WriteIntent, token: String, sha256: [UInt8]) async throws(KinError) -> FileFacts

    func discard(token: String, of path: String) async throws(KinError)
}

/// Under which what may be asked again is asked.
enum RepeatKey {
    static func draw() -> String { Hex.encode(Random.bytes(16)) }
}

extension CopyEnd {
    func begin(_ intent: WriteIntent, from start: RootedFiles.WriteStart) async throws(KinError) -> WritePart {
        try await begin(intent, from: start, under: nil)
    }

    /// A path as people see it.
    func shown(_ path: String) -> String { device.map { "\($0):\(path)" } ?? path }
}

/// The files of this machine, as whoever runs the command may reach them.
struct NearEnd: CopyEnd {
    private let files: RootedFiles
    private let workingFolder: String

    /// - Parameters:
    ///   - workingFolder: absolute; what relative paths begin at.
    ///   - ledger: a file that remembers over runs where parts may lie; nil: in memory alone.
    init(workingFolder: String, ledger: String? = nil) {
        self.workingFolder = workingFolder
        files = RootedFiles(roots: ["/"], home: workingFolder, ledger: ledger)
    }

    var device: DeviceName? { nil }

    private func whole(_ path: String) -> String {
        // A shell has put the home folder for `~` already: here it is a name like any other.
        path.utf8.first == UInt8(ascii: "/") ? path : CopyPath.join(workingFolder, path)
    }

    func facts(of path: String) async throws(KinError) -> FileFacts? {
        do throws(KinError) {
            return try await files.facts(of: whole(path))
        } catch {
            if error.code == "file_missing" { return nil }
            throw error
        }
    }

    func list(_ path: String, after: String?) async throws(KinError) -> FolderPage {
        try await files.list(whole(path), after: after)
    }

    func read(_ path: String, at offset: Int64, count: Int) async throws(KinError) -> FilePiece {
        try await files.read(whole(path), at: offset, count: count)
    }

    func digest(of path: String, first: Int64) async throws(KinError) -> FileDigest {
        try await files.digest(of: whole(path), first: first)
    }

    func makeFolder(_ path: String, mode: UInt32, under key: String?) async throws(KinError) -> Bool {
        try await files.makeFolder(whole(path), mode: mode)
    }

    func begin(
        _ intent: WriteIntent, from start: RootedFiles.WriteStart, under key: String?
    ) async throws(KinError) -> WritePart {
        try await files.begin(whole(intent), from: start)
    }

    func write(_ bytes: [UInt8], at offset: Int64, to token: String, of path: String) async throws(KinError) {
        try await files.write(bytes, at: offset, to: token, of: whole(path))
    }

    func digest(ofPart token: String, of path: String, first: Int64) async throws(KinError) -> FileDigest {
        try await files.digest(ofPart: token, of: whole(path), first: first)
    }

    func finish(_ intent: WriteIntent, token: String, sha256: [UInt8]) async throws(KinError) -> FileFacts {
        try await files.finish(whole(intent), token: token, sha256: sha256)
    }

    func discard(token: String, of path: String) async throws(KinError) {
        try await files.discard(token: token, of: whole(path))
    }

    private func whole(_ intent: WriteIntent) -> WriteIntent {
        var intent = intent
        intent.path = whole(intent.path)
        return intent
    }

    /// Takes away parts that earlier runs abandoned.
    func sweep(now: Int64) async { _ = try? await files.sweep(now: now) }
}
