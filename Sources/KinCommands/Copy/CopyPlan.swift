import KinFileAccess
import KinWire

/// What is copied where: found out before the first byte goes.
struct CopyPlan: Sendable {
    struct Folder: Hashable, Sendable {
        /// At the target, as all of these paths.
        var path: String
        var mode: UInt32
    }

    struct File: Sendable {
        var source: CopySource
        var facts: FileFacts
        var target: String
    }

    /// Something inside a folder that is left out.
    struct Skip: Hashable, Sendable {
        var path: String
        var reason: String
    }

    /// The outer before the inner.
    var folders: [Folder] = []
    var files: [File] = []
    var skipped: [Skip] = []
    /// What cannot be copied, known before.
    var failed: [CopyResult.Failure] = []

    var isOne: Bool { folders.isEmpty && files.count == 1 && failed.isEmpty }

    /// No more than can be counted, whatever a device says of its files.
    var bytes: Int64 {
        files.reduce(0) { sum, file in
            let (more, isTooMuch) = sum.addingReportingOverflow(file.facts.size)
            return isTooMuch ? .max : more
        }
    }
}

/// A file or folder at an end.
struct CopySource: Sendable {
    let end: any CopyEnd
    let path: String

    var shown: String { end.shown(path) }

    func entry(_ name: String) -> CopySource { CopySource(end: end, path: CopyPath.join(path, name)) }
}
