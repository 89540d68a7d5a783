import Foundation
import KinFileAccess
import KinTesting
import KinWire
import Synchronization
import Testing

@testable import KinCommands

/// Two folders, each the whole of one end: this machine's and one called kiosk's.
final class CopyStage: Sendable {
    private let folder: TemporaryFolder
    let near: CuttingEnd
    let kiosk: CuttingEnd
    let notes = Mutex([String]())
    let moved = Mutex(Int64(0))
    let time = StillTime()

    var here: String { folder.file("here") }
    var there: String { folder.file("there") }

    init() throws {
        folder = try TemporaryFolder()
        for name in ["here", "there"] {
            try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: true)
        }
        near = CuttingEnd(NearEnd(workingFolder: folder.file("here")), device: nil)
        kiosk = CuttingEnd(
            RootedEnd(files: RootedFiles(roots: [folder.file("there")], home: folder.file("there"))),
            device: DeviceName("kiosk"))
    }

    var options: CopyOptions {
        var options = CopyOptions()
        options.pace = time.pace
        // Few, so that some have arrived where a test cuts after some.
        options.underWay = 4
        return options
    }

    var news: CopyNews {
        CopyNews(
            moved: { bytes in self.moved.withLock { $0 += bytes } },
            note: { text in self.notes.withLock { $0.append(text) } })
    }

    var said: String { notes.withLock { $0.joined(separator: "\n") } }

    func put(_ bytes: [UInt8], _ path: String) throws {
        let url = URL(filePath: path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    func put(_ text: String, here name: String) throws { try put(Array(text.utf8), here + "/" + name) }

    func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    func text(there name: String) throws -> String { String(decoding: try bytes(there + "/" + name), as: UTF8.self) }

    func names(_ folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
    }

    /// Plans and copies from here to kiosk.
    func copy(
        _ sources: String..., to target: String, recursive: Bool = false, from: (any CopyEnd)? = nil,
        onto: (any CopyEnd)? = nil, options: CopyOptions? = nil
    ) async throws -> CopyResult {
        let options = options ?? self.options
        let end = PatientEnd(end: onto ?? kiosk, options: options, news: news)
        let source = PatientEnd(end: from ?? near, options: options, news: news)
        let planning = CopyPlanning(target: CopySource(end: end, path: target), isRecursive: recursive)
        let plan = try await planning.plan(sources.map { CopySource(end: source, path: $0) })
        return await CopyEngine(target: end, options: options, news: news).run(plan)
    }
}

/// A time that goes on only by being slept through.
final class StillTime: Sendable {
    private let elapsed = Mutex(Duration.zero)

    var now: Duration { elapsed.withLock { $0 } }

    var pace: CopyPace {
        CopyPace(now: { self.now }, sleep: { pause in self.elapsed.withLock { $0 += pause } })
    }
}

/// The files of a machine as others reach them, without what carries the calls.
struct RootedEnd: CopyEnd {
    let files: RootedFiles
    var device: DeviceName? { nil }

    func facts(of path: String) async throws(KinError) -> FileFacts? {
        do throws(KinError) { return try await files.facts(of: path) } catch {
            if error.code == "file_missing" { return nil }
            throw error
        }
    }

    func list(_ path: String, after: String?) async throws(KinError) -> FolderPage {
        try await files.list(path, after: after, limit: 3)
    }

    func read(_ path: String, at offset: Int64, count: Int) async throws(KinError) -> FilePiece {
        try await files.read(path, at: offset, count: count)
    }

    func digest(of path: String, first: Int64) async throws(KinError) -> FileDigest {
        let digest = try await files.digest(of: path, first: first)
        // A hash that goes on does not come over a wire.
        return FileDigest(sha256: digest.sha256, version: digest.version)
    }

    func makeFolder(_ path: String, mode: UInt32, under key: String?) async throws(KinError) -> Bool {
        try await files.makeFolder(path, mode: mode)
    }

    func begin(
        _ intent: WriteIntent, from start: RootedFiles.WriteStart, under key: String?
    ) async throws(KinError) -> WritePart {
        try await files.begin(intent, from: start)
    }

    func write(_ bytes: [UInt8], at offset: Int64, to token: String, of path: String) async throws(KinError) {
        try await files.write(bytes, at: offset, to: token, of: path)
    }

    func digest(ofPart token: String, of path: String, first: Int64) async throws(KinError) -> FileDigest {
        let digest = try await files.digest(ofPart: token, of: path, first: first)
        return FileDigest(sha256: digest.sha256, version: digest.version)
    }

    func finish(_ intent: WriteIntent, token: String, sha256: [UInt8]) async throws(KinError) -> FileFacts {
        try await files.finish(intent, token: token, sha256: sha256)
    }

    func discard(token: String, of path: String) async throws(KinError) {
        try await files.discard(token: token, of: path)
    }
}
