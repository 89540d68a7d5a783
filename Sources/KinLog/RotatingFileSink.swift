import Foundation
import Synchronization

/// A log file that is set aside as `<path>.1` when it has grown, so that logs never fill a disk.
public final class RotatingFileSink: LogSink {
    private struct State {
        var handle: FileHandle?
        var written: Int
        /// The last line did not get whole into the file: the disk is full.
        var isTorn = false
    }

    private let path: String
    private let maxBytes: Int
    private let state: Mutex<State>

    /// Opens the file for appending, creating it with mode 0644.
    public init(path: String, maxBytes: Int = 10 << 20) throws {
        self.path = path
        self.maxBytes = maxBytes
        let handle = try Self.open(path)
        let size = try handle.seekToEnd()
        state = Mutex(State(handle: handle, written: Int(size)))
    }

    public func write(line: [UInt8]) {
        state.withLock { state in
            if state.written + line.count > maxBytes { rotate(&state) }
            state.written += line.count
            // A log that cannot be written must not stop the daemon; what came of a line is ended before the next.
            do {
                try state.handle?.write(contentsOf: Data(state.isTorn ? [UInt8(ascii: "\n")] + line : line))
                state.isTorn = false
            } catch {
                state.isTorn = true
            }
        }
    }

    private func rotate(_ state: inout State) {
        try? state.handle?.close()
        rename(path, path + ".1")
        state = State(handle: try? Self.open(path), written: 0)
    }

    private static func open(_ path: String) throws -> FileHandle {
        let file = Foundation.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard file >= 0 else {
            throw CocoaError(.fileWriteNoPermission, userInfo: [NSFilePathErrorKey: path])
        }
        return FileHandle(fileDescriptor: file, closeOnDealloc: true)
    }
}
