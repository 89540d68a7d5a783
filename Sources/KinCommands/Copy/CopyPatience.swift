import KinFileAccess
import KinWire

/// Waits between attempts: 0.25 s doubling to 8 s.
struct CopyPauses {
    private var pause = Duration.milliseconds(250)
    private(set) var isFirst = true

    mutating func next() -> Duration {
        defer {
            pause = min(pause * 2, .seconds(8))
            isFirst = false
        }
        return pause
    }
}

extension KinError {
    /// Whether it is worth waiting for. Room on a full disk is made by somebody, who then asks again.
    var mayPass: Bool { (retryable || category == .unreachable) && category != .exhausted }
}

/// An end whose short questions are asked again after a cut. Reading and writing of files is left to `CopyTransfer`, which knows how far it is.
struct PatientEnd: CopyEnd {
    let end: any CopyEnd
    let options: CopyOptions
    let news: CopyNews

    var device: DeviceName? { end.device }

    private func patiently<T>(_ ask: () async throws(KinError) -> T) async throws(KinError) -> T {
        let start = options.pace.now()
        var pauses = CopyPauses()
        while true {
            do throws(KinError) { return try await ask() } catch {
                guard !Task.isCancelled else { throw KinError(reporting: CancellationError()) }
                guard error.mayPass, options.pace.now() - start < options.patience else { throw error }
                if pauses.isFirst { news.note("\(error.message); it goes on when it can") }
                await options.pace.sleep(pauses.next())
            }
        }
    }

    func facts(of path: String) async throws(KinError) -> FileFacts? {
        try await patiently { () throws(KinError) in try await end.facts(of: path) }
    }

    func list(_ path: String, after: String?) async throws(KinError) -> FolderPage {
        try await patiently { () throws(KinError) in try await end.list(path, after: after) }
    }

    func makeFolder(_ path: String, mode: UInt32, under key: String?) async throws(KinError) -> Bool {
        try await patiently { () throws(KinError) in try await end.makeFolder(path, mode: mode, under: key) }
    }

    func read(_ path: String, at offset: Int64, count: Int) async throws(KinError) -> FilePiece {
        try await end.read(path, at: offset, count: count)
    }

    func digest(of path: String, first: Int64) async throws(KinError) -> FileDigest {
        try await end.digest(of: path, first: first)
    }

    func begin(
        _ intent: WriteIntent, from start: RootedFiles.WriteStart, under key: String?
    ) async throws(KinError) -> WritePart {
        try await end.begin(intent, from: start, under: key)
    }

    func write(_ bytes: [UInt8], at offset: Int64, to token: String, of path: String) async throws(KinError) {
        try await end.write(bytes, at: offset, to: token, of: path)
    }

    func digest(ofPart token: String, of path: String, first: Int64) async throws(KinError) -> FileDigest {
        try await end.digest(ofPart: token, of: path, first: first)
    }

    func finish(_ intent: WriteIntent, token: String, sha256: [UInt8]) async throws(KinError) -> FileFacts {
        try await end.finish(intent, token: token, sha256: sha256)
    }

    func discard(token: String, of path: String) async throws(KinError) {
        try await end.discard(token: token, of: path)
    }
}
