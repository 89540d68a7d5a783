import AsyncHTTPClient
import Foundation
import KinClient
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import NIOCore

extension House {
    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// A file whose chunks all differ.
    func file(_ name: String, count: Int) throws -> String {
        var random = SeededGenerator(seed: UInt64(count) + 1)
        var data = Data(capacity: count)
        let block = Data(random.bytes(1021))
        while data.count < count { data.append(contentsOf: block + Data("\(data.count)".utf8)) }
        try data.prefix(count).write(to: URL(filePath: path(name)))
        return path(name)
    }

    func isSame(_ one: String, _ other: String) throws -> Bool {
        try Data(contentsOf: URL(filePath: one)) == Data(contentsOf: URL(filePath: other))
    }

    func mode(_ path: String) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int ?? -1
    }

    /// When a file was last changed.
    func time(of path: String) throws -> timespec {
        var status = stat()
        guard stat(path, &status) == 0 else { throw MissingValue("a time") }
        #if canImport(Darwin)
            return status.st_mtimespec
        #else
            return status.st_mtim
        #endif
    }

    /// Puts that time back, to the nanosecond.
    func setTime(of path: String, to time: timespec) throws {
        let times = [time, time]
        guard utimensat(AT_FDCWD, path, times, 0) == 0 else { throw MissingValue("the right to set a time") }
    }

    /// What a device would ask of the server by itself.
    func blobClient(of daemon: TestDaemon) throws -> BlobClient {
        let keys = try Installation(daemon.state).keys
        return BlobClient(
            http: .shared, server: try ServerAddress(server.url), mesh: .home(of: wallet.walletFile.address),
            keys: keys, now: realNow)
    }

    /// What unfinished downloads left.
    func leftovers() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix(".kin-") }
    }

    /// The server's blobs.
    func blobs() throws -> [String] {
        let root = folder + "/data/blobs"
        guard FileManager.default.fileExists(atPath: root) else { return [] }
        return try FileManager.default.subpathsOfDirectory(atPath: root).filter { $0.contains("/") }.map {
            "\(root)/\($0)"
        }
    }

    /// Changes the only blob while nobody reads it.
    func damageBlob(_ body: (inout Data) -> Void) throws {
        let path = try blobs().first.orThrow("a blob")
        var data = try Data(contentsOf: URL(filePath: path))
        body(&data)
        try data.write(to: URL(filePath: path))
    }
}

extension TestDaemon {
    /// Shares a file and waits until its message is at the broker.
    func shares(_ path: String, with name: String, message: String? = nil) async throws -> FileInfo {
        let taken = try await client.share(FileShareRequest(path: path, to: name, message: message))
        return try await until(taken.id) { [.relayed, .delivered, .read].contains($0.status) }
    }

    func until(_ id: ULID, _ status: FileInfo.Status) async throws -> FileInfo {
        try await until(id) { $0.status == status }
    }

    func until(_ id: ULID, _ condition: (FileInfo) -> Bool) async throws -> FileInfo {
        var last: FileInfo?
        do {
            return try await eventually("the file is so", within: .seconds(30)) {
                let info = try await client.file(id)
                last = info
                return condition(info) ? info : nil
            }
        } catch let error as MissingValue {
            throw MissingValue("\(error); it is \(last.map { "\($0)" } ?? "nowhere")")
        }
    }

    func receives(_ id: ULID) async throws -> FileInfo {
        try await eventually("\(version.name) has the file \(id)") {
            try await client.files().files.first { $0.id == id && $0.direction == .received }
        }
    }

    /// The body of an answer.
    func fetch(_ path: String) async throws -> [UInt8] {
        let url = try URL(httpURLWithSocketPath: client.socketPath, uri: path).orThrow("a URL")
        let response = try await HTTPClient.shared.execute(
            HTTPClientRequest(url: url.absoluteString), timeout: .seconds(20))
        return Array(try await response.body.collect(upTo: 1 << 26).readableBytesView)
    }
}
