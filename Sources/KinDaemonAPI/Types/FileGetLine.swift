import KinEncoding
import KinWire

/// One line of the answer to `GET /v1/file/get` with `out`: how far it is, and at last how it ended. A line is one object of JSON.
public enum FileGetLine: Hashable, Sendable {
    /// Bytes that are verified and written.
    case progress(received: Int64, size: Int64)
    case done(FileGot)
    case failed(KinError)

    public init(json bytes: [UInt8]) throws {
        if let error = APIError.readStatus(bytes) {
            self = .failed(error)
            return
        }
        self = try APIBody.read(bytes) { fields throws(WireError) in
            guard fields.has("out") else {
                return .progress(received: try fields.integer("received"), size: try fields.integer("size"))
            }
            return .done(
                FileGot(
                    id: try fields.ulid("id"), out: try fields.text("out"), name: try fields.fileName("name"),
                    size: try fields.integer("size"), sha256: try fields.hex("sha256", bytes: 32)))
        }
    }

    public var json: JSON {
        switch self {
        case .progress(let received, let size): .object(["received": .integer(received), "size": .integer(size)])
        case .done(let got): got.json
        case .failed(let error): APIError.statusJSON(error)
        }
    }
}

/// A file that is there whole.
public struct FileGot: Hashable, Sendable {
    public var id: ULID
    /// Where.
    public var out: String
    /// As its sender calls it.
    public var name: FileName
    public var size: Int64
    /// 32 bytes.
    public var sha256: [UInt8]

    public init(id: ULID, out: String, name: FileName, size: Int64, sha256: [UInt8]) {
        self.id = id
        self.out = out
        self.name = name
        self.size = size
        self.sha256 = sha256
    }

    public var json: JSON {
        .object([
            "id": .text(id), "out": .string(out), "name": .text(name), "size": .integer(size),
            "sha256": .hex(sha256),
        ])
    }
}
