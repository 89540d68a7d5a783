import KinEncoding
import KinWire

/// What a copy came to.
struct CopyResult: Sendable {
    struct Failure: Hashable, Sendable {
        var path: String
        var error: KinError
    }

    /// Whether one file was all there was to copy: then its error is the command's.
    var isOne = false
    /// Files that are whole at the target, and verified.
    var files = 0
    /// Folders that were made.
    var folders = 0
    /// Bytes of these files.
    var bytes: Int64 = 0
    /// Of these, bytes that an earlier attempt had brought.
    var resumed: Int64 = 0
    /// Paths of sources that changed while they were copied, and were copied once more.
    var repeated: [String] = []
    var skipped: [CopyPlan.Skip] = []
    var failed: [Failure] = []
    /// Files that were not tried any more.
    var untried = 0
    /// What ended it before everything was tried.
    var end: KinError?

    /// What the command ends with; nil where everything was copied.
    var failure: KinError? {
        if let end { return end }
        guard let first = failed.first else { return nil }
        if isOne { return first.error }
        let count = failed.count + untried
        return KinError("copy_incomplete", "\(count) were not copied, the others were; the same command goes on")
    }

    /// `{"files","folders","bytes","resumed","repeated":[path],"skipped":[{"path","reason"}],"failed":[{"path","code","message"}],"untried"}`.
    var json: JSON {
        .object([
            "files": .integer(Int64(files)), "folders": .integer(Int64(folders)), "bytes": .integer(bytes),
            "resumed": .integer(resumed), "repeated": .array(repeated.map { .string($0) }),
            "skipped": .array(
                skipped.map { .object(["path": .string($0.path), "reason": .string($0.reason)]) }),
            "failed": .array(
                failed.map {
                    .object([
                        "path": .string($0.path), "code": .string($0.error.code), "message": .string($0.error.message),
                    ])
                }),
            "untried": .integer(Int64(untried)),
        ])
    }
}
