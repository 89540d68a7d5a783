import KinCalls
import KinEncoding
import KinTesting
import KinWire
import Synchronization

/// Two ends of one stream in memory.
final class TwoEnds: Sendable {
    let near: CallStream
    let far: CallStream
    private let queues: [FrameQueue]
    private let carrying: [Task<Void, Never>]

    init(_ operations: Operations, caller: Caller = .local) {
        let (there, back) = (FrameQueue(), FrameQueue())
        let (near, far) = (
            CallStream(there, with: .local, answering: Operations(), now: { 0 }),
            CallStream(back, with: caller, answering: operations, now: { 0 })
        )
        (self.near, self.far) = (near, far)
        queues = [there, back]
        let answers = Recorder()
        recorder = answers
        carrying = [
            Task { while let frame = await there.next() { try? far.receive(frame) } },
            Task {
                while let frame = await back.next() {
                    answers.note(frame)
                    try? near.receive(frame)
                }
            },
        ]
    }

    let recorder: Recorder

    final class Recorder: Sendable {
        private let envelopes = Mutex<[CallEnvelope]>([])

        func note(_ frame: [UInt8]) {
            guard let envelope = try? CallEnvelope(frame: frame) else { return }
            envelopes.withLock { $0.append(envelope) }
        }

        var types: [String] { envelopes.withLock { $0.map(\.event.type) } }
    }

    func end() {
        for stream in [near, far] { stream.end(CallFault(.unavailable, "the test is over")) }
        for queue in queues { queue.finish(CallFault(.unavailable, "the test is over")) }
        for task in carrying { task.cancel() }
    }
}

extension OperationPath {
    init(known text: String) throws { self = try OperationPath(text).orThrow("a path") }
}
