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
            let input = try FileStat(call.input)
            return try await files.facts(of: input.path, followingLinks: input.followsLinks).json
        }
        operations.query("/fs/list", "What is in a folder, page by page") { [files] call in
            let input = try FolderList(call.input)
            return try await files.list(input.path, after: input.after, limit: input.limit).json
        }
        operations.query("/fs/read", "Bytes of a file") { [files] call in
            let input = try FileRead(call.input)
            return try await files.read(input.path, at: input.offset, count: input.count).json
        }
        operations.subscription("/fs/digest", "The SHA-256 of a file or its first bytes, and how far it is") {
            [files] call in
            let input = try FileHash(call.input)
            let digest = try await call.tellingProgress {
                try await files.digest(of: input.path, first: input.first, progress: $0)
            }
            try await call.respond(digest.json)
        }
    }

    private func registerWriting(in operations: inout Operations) {
        operations.mutation("/fs/mkdir", "Makes a folder") { [files] call in
            let input = try FolderMake(call.input)
            return .object(["made": .bool(try await files.makeFolder(input.path, mode: input.mode))])
        }
        operations.mutation("/fs/write", "Writes a small file") { [files] call in
            let input = try FileWrite(call.input)
            let (intent, bytes) = (input.intent, input.bytes)
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
