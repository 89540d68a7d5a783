import Dispatch

/// What the broker answered, on its way to the disk. Where that is full it is written again until it is there: another session alone would
/// ask the broker anew.
///
/// `@unchecked Sendable`: what varies is only touched on the serial queue of its owner, who calls on it; completions come back to it.
final class AnswerBook: @unchecked Sendable {
    /// Writes, and tells whether it is on the disk.
    typealias Write = @Sendable (_ done: @escaping @Sendable (Bool) -> Void) -> Void

    static let pause = DispatchTimeInterval.seconds(1)

    private let queue: DispatchQueue
    private var session = 0
    private var failed: [Write] = []
    private var isScheduled = false

    init(queue: DispatchQueue) { self.queue = queue }

    func enter(_ write: @escaping Write) {
        write { [self, session] isStored in
            guard !isStored else { return }
            queue.async { [self] in keep(write, of: session) }
        }
    }

    /// Another session: perhaps of another store, to which these answers mean nothing. All that waits is asked for again.
    func startOver() {
        session += 1
        failed = []
    }

    private func keep(_ write: @escaping Write, of session: Int) {
        guard session == self.session else { return }
        failed.append(write)
        guard !isScheduled else { return }
        isScheduled = true
        queue.asyncAfter(deadline: .now() + Self.pause) { [self] in
            isScheduled = false
            let again = failed
            failed = []
            for write in again { enter(write) }
        }
    }
}
