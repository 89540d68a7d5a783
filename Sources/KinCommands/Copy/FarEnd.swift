import KinCalls
import KinEncoding
import KinFileAccess
import KinWire

/// The files of another device, by calls of `/fs` (docs/protocol/remote-files.md).
struct FarEnd: CopyEnd {
    private let name: DeviceName
    /// The stream to call on: another one where the last has ended.
    private let stream: @Sendable () async throws -> CallStream

    var device: DeviceName? { name }

    init(_ name: DeviceName, on stream: @escaping @Sendable () async throws -> CallStream) {
        self.name = name
        self.stream = stream
    }

    func facts(of path: String) async throws(KinError) -> FileFacts? {
        do throws(KinError) {
            return try await ask(["stat"], ["path": .string(path)]) { answer throws(WireError) in try FileFacts(answer)
            }
        } catch {
            if error.code == "file_missing" { return nil }
            throw error
        }
    }

    func list(_ path: String, after: String?) async throws(KinError) -> FolderPage {
        var input: [String: JSON] = ["path": .string(path)]
        if let after { input["after"] = .string(after) }
        return try await ask(["list"], input) { answer throws(WireError) in try FolderPage(answer) }
    }

    func read(_ path: String, at offset: Int64, count: Int) async throws(KinError) -> FilePiece {
        try await ask(
            ["read"], ["path": .string(path), "offset": .integer(offset), "count": .integer(Int64(count))]
        ) { answer throws(WireError) in try FilePiece(answer) }
    }

    func digest(of path: String, first: Int64) async throws(KinError) -> FileDigest {
        try await follow(["digest"], ["path": .string(path), "first": .integer(first)]) { answer throws(WireError) in
            try FileDigest(answer)
        }
    }

    func makeFolder(_ path: String, mode: UInt32) async throws(KinError) -> Bool {
        try await ask(
            ["mkdir"], ["path": .string(path), "mode": .string(FileMode.text(mode & 0o777))]
        ) { answer throws(WireError) in
            var fields = try Fields(answer, in: "folder")
            return try fields.bool("made")
        }
    }

    func begin(_ intent: WriteIntent, from start: RootedFiles.WriteStart) async throws(KinError) -> WritePart {
        var input = intent.members
        switch start {
        case .anywhere: break
        case .part(let token): input["part"] = .string(token)
        case .beginning(let token): (input["part"], input["restart"]) = (.string(token), .bool(true))
        }
        return try await ask(["part", "begin"], input) { answer throws(WireError) in try WritePart(answer) }
    }

    func write(_ bytes: [UInt8], at offset: Int64, to token: String, of path: String) async throws(KinError) {
        try await ask(
            ["part", "write"],
            [
                "path": .string(path), "part": .string(token), "offset": .integer(offset),
                "bytes": .string(Base64.encode(bytes)),
            ]
        ) { _ throws(WireError) in }
    }

    func digest(ofPart token: String, of path: String, first: Int64) async throws(KinError) -> FileDigest {
        try await follow(
            ["part", "digest"], ["path": .string(path), "part": .string(token), "first": .integer(first)]
        ) { answer throws(WireError) in try FileDigest(answer) }
    }

    func finish(_ intent: WriteIntent, token: String, sha256: [UInt8]) async throws(KinError) -> FileFacts {
        var input = intent.members
        (input["part"], input["sha256"]) = (.string(token), .hex(sha256))
        return try await follow(["part", "finish"], input) { answer throws(WireError) in try FileFacts(answer) }
    }

    func discard(token: String, of path: String) async throws(KinError) {
        try await ask(["part", "discard"], ["path": .string(path), "part": .string(token)]) { _ throws(WireError) in }
    }
}

extension FarEnd {
    private func path(_ operation: [String]) throws(KinError) -> OperationPath {
        guard let path = OperationPath(parts: [name.description, "fs"] + operation) else {
            throw KinError("internal", "\(operation) is no operation")
        }
        return path
    }

    /// One answer.
    private func ask<T>(
        _ operation: [String], _ input: [String: JSON], _ read: (JSON) throws(WireError) -> T
    ) async throws(KinError) -> T {
        let path = try path(operation)
        do {
            return try read(try await stream().call(path, .object(input)))
        } catch {
            throw Self.failure(error)
        }
    }

    /// The last answer of work that says how far it is: there is no time-out while it goes on.
    private func follow<T>(
        _ operation: [String], _ input: [String: JSON], _ read: (JSON) throws(WireError) -> T
    ) async throws(KinError) -> T {
        let path = try path(operation)
        do {
            let answers = try await stream().subscribe(path, .object(input))
            var last: JSON?
            while let answer = try await answers.next() { last = answer }
            guard let last else { throw CallFault(.internal, "\(path) ended without an answer") }
            return try read(last)
        } catch {
            throw Self.failure(error)
        }
    }

    private static func failure(_ error: any Error) -> KinError {
        switch error {
        case let error as KinError: error
        case let fault as CallFault: KinError(fault)
        case let error as WireError:
            KinError("answer_invalid", "the other device runs another version of kin: \(error.message)")
        default: KinError(reporting: error)
        }
    }
}

extension FileDigest {
    fileprivate init(_ json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "digest")
        self.init(
            sha256: try fields.hex("sha256", bytes: 32), version: try fields.string("version", maxBytes: 64))
    }
}
