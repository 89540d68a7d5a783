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
            return try await ask(FileStat(path)) { answer throws(WireError) in try FileFacts(answer) }
        } catch {
            if error.code == "file_missing" { return nil }
            throw error
        }
    }

    func list(_ path: String, after: String?) async throws(KinError) -> FolderPage {
        try await ask(FolderList(path, after: after)) { answer throws(WireError) in try FolderPage(answer) }
    }

    func read(_ path: String, at offset: Int64, count: Int) async throws(KinError) -> FilePiece {
        try await ask(FileRead(path, at: offset, count: count)) { answer throws(WireError) in try FilePiece(answer) }
    }

    func digest(of path: String, first: Int64) async throws(KinError) -> FileDigest {
        try await follow(FileHash(path, first: first)) { answer throws(WireError) in try FileDigest(answer) }
    }

    func makeFolder(_ path: String, mode: UInt32, under key: String?) async throws(KinError) -> Bool {
        try await ask(FolderMake(path, mode: mode & 0o777), under: key) { answer throws(WireError) in
            var fields = try Fields(answer, in: "folder")
            return try fields.bool("made")
        }
    }

    func begin(
        _ intent: WriteIntent, from start: RootedFiles.WriteStart, under key: String?
    ) async throws(KinError) -> WritePart {
        let input =
            switch start {
            case .anywhere: PartBegin(intent)
            case .part(let token): PartBegin(intent, part: token)
            case .beginning(let token): PartBegin(intent, part: token, restarts: true)
            }
        return try await ask(input, under: key) { answer throws(WireError) in try WritePart(answer) }
    }

    func write(_ bytes: [UInt8], at offset: Int64, to token: String, of path: String) async throws(KinError) {
        try await ask(PartWrite(bytes, at: offset, to: token, of: path)) { _ throws(WireError) in }
    }

    func digest(ofPart token: String, of path: String, first: Int64) async throws(KinError) -> FileDigest {
        try await follow(PartHash(token, of: path, first: first)) { answer throws(WireError) in try FileDigest(answer) }
    }

    func finish(_ intent: WriteIntent, token: String, sha256: [UInt8]) async throws(KinError) -> FileFacts {
        var intent = intent
        intent.sha256 = sha256
        return try await follow(PartFinish(intent, part: token)) { answer throws(WireError) in try FileFacts(answer) }
    }

    func discard(token: String, of path: String) async throws(KinError) {
        try await ask(PartDiscard(token, of: path)) { _ throws(WireError) in }
    }
}

extension FarEnd {
    private func path<Input: FileInput>(_: Input.Type) throws(KinError) -> OperationPath {
        guard let path = OperationPath("/\(name)/fs/\(Input.operation)") else {
            throw KinError("internal", "\(Input.operation) is no operation")
        }
        return path
    }

    /// One answer.
    private func ask<Input: FileInput, T>(
        _ input: Input, under key: String? = nil, _ read: (JSON) throws(WireError) -> T
    ) async throws(KinError) -> T {
        let path = try path(Input.self)
        do {
            return try read(try await stream().call(path, input.json, under: key))
        } catch {
            throw Self.failure(error)
        }
    }

    /// The last answer of work that says how far it is: there is no time-out while it goes on.
    private func follow<Input: FileInput, T>(
        _ input: Input, _ read: (JSON) throws(WireError) -> T
    ) async throws(KinError) -> T {
        let path = try path(Input.self)
        do {
            let answers = try await stream().subscribe(path, input.json)
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
