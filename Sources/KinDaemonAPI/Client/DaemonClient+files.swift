import AsyncHTTPClient
import KinEncoding
import KinWire
import NIOCore

// Files that were shared and received.

extension DaemonClient {
    /// Shares a file: once this returns the daemon goes on by itself.
    public func share(_ request: FileShareRequest) async throws -> FileInfo {
        try FileInfo(json: await post("/v1/file/share", request.json.canonicalBytes()))
    }

    public func files(cursor: String? = nil, limit: Int? = nil) async throws -> FileList {
        try FileList(
            json: await get("/v1/file/list" + Self.query([("cursor", cursor), ("limit", limit.map(String.init))])))
    }

    /// - Throws: `unknown_file`.
    public func file(_ id: ULID) async throws -> FileInfo {
        let list = try FileList(json: await get("/v1/file/list" + Self.query([("id", id.description)])))
        guard let file = list.files.first else { throw KinError("unknown_file", "no file \(id)", category: .notFound) }
        return file
    }

    /// Deletes a file this device shared at the server.
    public func deleteFile(_ id: ULID) async throws -> FileInfo {
        try FileInfo(json: await post("/v1/file/delete", FileDeletion(id: id).json.canonicalBytes()))
    }

    /// Has the daemon write a received file to `path`. It goes on where it got to when it is called again.
    /// - Parameter progress: called with the bytes that are there, and all of them.
    /// - Throws: `file_exists`, `unknown_file`, `file_gone`, `file_tampered`, `storage_full`, …
    public func getFile(
        _ id: ULID, to path: String, progress: (_ received: Int64, _ size: Int64) -> Void = { _, _ in }
    ) async throws -> FileGot {
        let query = Self.query([("id", id.description), ("out", path)])
        let body = try await stream("/v1/file/get" + query)
        var line: [UInt8] = []
        do {
            for try await chunk in body {
                for byte in chunk.readableBytesView {
                    guard byte == UInt8(ascii: "\n") else {
                        line.append(byte)
                        continue
                    }
                    switch try FileGetLine(json: line) {
                    case .progress(let received, let size): progress(received, size)
                    case .done(let got): return got
                    case .failed(let error): throw error
                    }
                    line.removeAll()
                }
            }
        } catch let error as KinError {
            throw error
        } catch {
            try Task.checkCancellation()
        }
        throw KinError(
            "daemon_ended", "the daemon ended before the file was there: start it, and ask again to go on",
            category: .unreachable, retryable: true)
    }
}
