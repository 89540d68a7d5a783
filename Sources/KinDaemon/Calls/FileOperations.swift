import KinCalls
import KinCrypto
import KinEncoding
import KinFileAccess
import KinWire

/// `/fs/*`: the files of this machine for others of the family (docs/protocol/remote-files.md).
struct FileOperations {
    let files: RootedFiles

    func register(in operations: inout Operations) {
        registerReading(in: &operations)
        registerWriting(in: &operations)
        registerParts(in: &operations)
    }

    private func registerReading(in operations: inout Operations) {
        operations.query("/fs/stat", "What is at a path") { [files] call in
            let (path, follows) = try call.reading { input throws(WireError) in
                (try input.filePath(), try input.flag("follow") ?? true)
            }
            return try await files.facts(of: path, followingLinks: follows).json
        }
        operations.query("/fs/list", "What is in a folder, page by page") { [files] call in
            let (path, after, limit) = try call.reading { input throws(WireError) in
                (
                    try input.filePath(), try input.optionalName("after"),
                    try input.number("limit", 1...Int64(RootedFiles.maxPage))
                )
            }
            return try await files.list(path, after: after, limit: Int(limit ?? Int64(RootedFiles.maxPage))).json
        }
        operations.query("/fs/read", "Bytes of a file") { [files] call in
            let (path, offset, count) = try call.reading { input throws(WireError) in
                (
                    try input.filePath(), try input.number("offset", 0...Fields.maxInteger),
                    try input.number("count", 1...Int64(RootedFiles.maxPiece))
                )
            }
            return try await files.read(path, at: offset ?? 0, count: Int(count ?? Int64(RootedFiles.maxPiece))).json
        }
        operations.subscription("/fs/digest", "The SHA-256 of a file or its first bytes, and how far it is") {
            [files] call in
            let (path, first) = try call.reading { input throws(WireError) in
                (try input.filePath(), try input.number("first", 0...Fields.maxInteger))
            }
            let digest = try await call.tellingProgress { try await files.digest(of: path, first: first, progress: $0) }
            try await call.respond(digest.json)
        }
        operations.mutation("/fs/mkdir", "Makes a folder") { [files] call in
            let (path, mode) = try call.reading { input throws(WireError) in
                (try input.filePath(), try input.mode())
            }
            return .object(["made": .bool(try await files.makeFolder(path, mode: mode ?? 0o755))])
        }
    }

    /// A small file in one call.
    private func registerWriting(in operations: inout Operations) {
        operations.mutation("/fs/write", "Writes a small file") { [files] call in
            let (intent, bytes) = try call.reading { input throws(WireError) in
                let bytes = try FileBytes.read(&input, "bytes")
                return (try WriteIntent(&input, size: bytes.count), bytes)
            }
            let part = try await files.begin(intent)
            do {
                if !bytes.isEmpty { try await files.write(bytes, at: 0, to: part.token, of: intent.path) }
                return try await files.finish(intent, token: part.token, sha256: Digest.sha256(bytes)).json
            } catch {
                try? await files.discard(token: part.token, of: intent.path)
                throw error
            }
        }
    }
}
