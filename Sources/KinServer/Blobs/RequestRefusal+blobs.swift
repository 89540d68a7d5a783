import HTTPTypes
import KinBroker
import KinEncoding
import KinSQLite
import NIOCore

extension RequestRefusal {
    static func noRoom(needed: Int64, available: Int64?) -> RequestRefusal {
        var refusal = RequestRefusal(
            .init(code: 507), "storage_full", "the server's disk has no room for the file", isRetryable: true)
        refusal.detail = ["needed": .integer(needed)]
        if let available { refusal.detail["available"] = .integer(available) }
        return refusal
    }

    static func offsetMismatch(_ offset: Int64) -> RequestRefusal {
        var refusal = RequestRefusal(
            .conflict, "offset_mismatch", "the file has come as far as byte \(offset): go on from there",
            isRetryable: true)
        refusal.detail = ["offset": .integer(offset)]
        return refusal
    }

    /// What a blob cannot be changed or read for.
    /// - Throws: what is no answer: the connection is gone.
    init(ofBlob error: any Error) throws {
        switch error {
        case let refusal as RequestRefusal: self = refusal
        case let refusal as Refusal: self.init(blob: refusal)
        case let error as SystemError where error.isFull: self = .noRoom(needed: 0, available: nil)
        case let error as StoreError where error.code == .full: self = .noRoom(needed: 0, available: nil)
        case is SystemError, is StoreError, is BlobFiles.Missing:
            self.init(.serviceUnavailable, "storage_failed", "the server cannot reach its files", isRetryable: true)
        default: throw error
        }
    }

    private init(blob refusal: Refusal) {
        let (status, message): (HTTPResponse.Status, String) =
            switch refusal.code {
            case "unknown_blob": (.notFound, "there is no such file, or it is not for this member")
            case "blob_exists": (.conflict, "the id is taken by another file: use another id")
            case "blob_size_invalid": (.badRequest, "no sealed file has that size")
            case "not_in_topic": (.forbidden, "the sender is not in that topic")
            case "unknown_member": (.notFound, "the reader is not known at this server yet")
            case "member_revoked": (.gone, "the reader was revoked")
            case "too_large": (.contentTooLarge, "the sealed file is larger than this server takes")
            case "blobs_full": (.init(code: 507), "all files together take what this server lets them")
            case "mesh_succeeded": (.serviceUnavailable, "a new wallet took over: ask in its mesh")
            default: (.forbidden, "the server does not do that")
            }
        self.init(status, refusal.code, message, isRetryable: refusal.retryable)
    }
}
