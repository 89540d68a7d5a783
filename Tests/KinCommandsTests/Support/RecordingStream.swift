import KinCommands
import Synchronization

/// Keeps what is written.
final class RecordingStream: TextStream {
    let isTerminal: Bool
    private let isBroken: Bool
    private let written = Mutex("")

    init(isTerminal: Bool = false, isBroken: Bool = false) {
        self.isTerminal = isTerminal
        self.isBroken = isBroken
    }

    var text: String { written.withLock { $0 } }

    var lines: [String] { text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init) }

    func write(_ text: String) throws {
        if isBroken { throw BrokenPipe() }
        written.withLock { $0 += text }
    }
}
