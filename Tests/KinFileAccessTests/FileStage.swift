import Foundation
import KinCrypto
import KinFileAccess
import KinTesting
import KinWire
import Testing

/// A folder that may be reached, and one beside it that may not.
final class FileStage: Sendable {
    private let folder: TemporaryFolder
    let files: RootedFiles

    /// Without links, as the kernel names it.
    let path: String
    var root: String { path + "/root" }
    var outside: String { path + "/outside" }

    init() throws {
        folder = try TemporaryFolder()
        path = URL(fileURLWithPath: folder.path).resolvingSymlinksInPath().path
        for name in ["root", "outside"] { try Self.makeFolder(path + "/" + name) }
        files = RootedFiles(roots: [path + "/root"], home: path + "/root")
        try Self.put("secret", path + "/outside/secret")
    }

    static func makeFolder(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    static func put(_ text: String, _ path: String) throws { try Data(text.utf8).write(to: URL(filePath: path)) }

    func makeFolder(_ name: String) throws { try Self.makeFolder(root + "/" + name) }

    func put(_ text: String, _ name: String) throws { try Self.put(text, root + "/" + name) }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: root + "/" + name, withDestinationPath: target)
    }

    func text(_ name: String) throws -> String { String(decoding: try bytes(root + "/" + name), as: UTF8.self) }

    func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    /// What lies in a folder, hidden ones too.
    func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    func content(_ path: String) async throws -> String {
        String(decoding: try await files.read(path, at: 0, count: 1000).bytes, as: UTF8.self)
    }

    /// Writes a whole file by the calls others use.
    @discardableResult
    func write(_ text: String, to path: String, overwrites: Bool = false) async throws -> FileFacts {
        let bytes = Array(text.utf8)
        let intent = WriteIntent(path: path, size: Int64(bytes.count), overwrites: overwrites)
        let part = try await files.begin(intent)
        if !bytes.isEmpty { try await files.write(bytes, at: 0, to: part.token, of: path) }
        return try await files.finish(intent, token: part.token, sha256: Digest.sha256(bytes))
    }

    /// Descriptors of this process that lead into this stage, whatever other tests have open; nil where the system does not tell.
    var openDescriptors: Int? {
        guard let numbers = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") else { return nil }
        return numbers.filter {
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + $0))?.hasPrefix(path) == true
        }.count
    }
}

/// The code of the error that comes.
func code<T>(_ body: () async throws -> T) async -> String? {
    do {
        _ = try await body()
        return nil
    } catch {
        return (error as? KinError)?.code ?? "\(error)"
    }
}
