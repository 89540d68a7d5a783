import Dispatch
import KinClient
import KinCrypto
import KinEncoding
import KinIdentity
import KinWire
import Synchronization

/// Sends daemons' own messages until the broker has them, over as many connections as it takes. In memory: what a crash loses is asked for again.
///
/// Unchecked: what varies is touched only on `queue`, which is serial: every entry from outside goes through it.
final class ControlMail: @unchecked Sendable {
    private struct Letter {
        var contentType: String
        var body: [UInt8]
        var destination: Destination

        var isPost: Bool { if case .topic = destination { true } else { false } }
    }

    /// Letters that wait for the broker; beyond them the oldest are given up.
    private static let maxLetters = 4096
    private static let pause = DispatchTimeInterval.milliseconds(500)

    private let queue = DispatchQueue(label: "control-mail")
    private let control: ControlMessage
    private let family: Family
    private let topics: TopicBook
    /// Milliseconds.
    private let now: @Sendable () -> Int64
    private var link: MeshLink?
    private var unsent: [Letter] = []
    private var sent: [ClientMessageID: Letter] = [:]
    /// Whether an answer of the broker may be to one of ours: asked on its thread for each socket read.
    private let awaitsAnswer = Atomic(false)

    /// Told of topics that something is to be said in and that lack a key.
    private let listeners = Mutex<[@Sendable (TopicName) -> Void]>([])

    init(control: ControlMessage, family: Family, topics: TopicBook, now: @escaping @Sendable () -> Int64) {
        self.control = control
        self.family = family
        self.topics = topics
        self.now = now
    }

    func onKeyMissing(_ listener: @escaping @Sendable (TopicName) -> Void) {
        listeners.withLock { $0.append(listener) }
    }

    func send(_ contentType: String, _ body: [UInt8], to destination: Destination) {
        queue.async { [self] in
            if unsent.count >= Self.maxLetters { unsent.removeFirst() }
            unsent.append(Letter(contentType: contentType, body: body, destination: destination))
            pump()
        }
    }

    /// A topic has a key to post with.
    func keyCame() { queue.async { [self] in pump() } }

    func connected(_ link: MeshLink) {
        queue.async { [self] in
            self.link = link
            startOver()
            pump()
        }
    }

    func disconnected(_ link: MeshLink) {
        queue.async { [self] in
            guard self.link === link else { return }
            self.link = nil
            startOver()
        }
    }

    /// Answers of one socket read; those to other sends are passed over.
    func answered(acks: [Ack], nacks: [Nack]) {
        guard awaitsAnswer.load(ordering: .acquiring) else { return }
        queue.async { [self] in
            for ack in acks { sent[ack.clientMessageID] = nil }
            for nack in nacks {
                guard let letter = sent.removeValue(forKey: nack.clientMessageID), nack.retryable else { continue }
                unsent.append(letter)
                if nack.code == Self.unknownMember { introduce(letter.destination) }
                queue.asyncAfter(deadline: .now() + Self.pause) { [self] in pump() }
            }
            awaitsAnswer.store(!sent.isEmpty, ordering: .releasing)
        }
    }

    private static let unknownMember = "unknown_member"

    private func introduce(_ destination: Destination) {
        guard case .dm(let recipient) = destination, let member = family.member(recipient) else { return }
        link?.send([MeshFrame.memberPut(MemberPut(chain: member.chain)).encoded()])
    }

    private func startOver() {
        unsent = Array(sent.values) + unsent
        sent.removeAll()
    }

    /// To whom is not known any more nothing is sent, and to a topic nothing before there is a key.
    private func pump() {
        guard let link, !unsent.isEmpty else { return }
        // What is said to one may be the key to what is said to all.
        let letters = unsent.filter { !$0.isPost } + unsent.filter(\.isPost)
        unsent = []
        var frames: [[UInt8]] = []
        for letter in letters {
            guard let made = make(letter) else { continue }
            sent[made.send.clientMessageID] = letter
            frames.append(made.send.frame(body: made.body))
        }
        awaitsAnswer.store(!sent.isEmpty, ordering: .releasing)
        if !frames.isEmpty { link.send(frames) }
    }

    /// Each on a line of its own, so that none waits for another.
    private func make(_ letter: Letter) -> (send: Send, body: [UInt8])? {
        let line = Random.bytes(8)
        switch letter.destination {
        case .dm(let id):
            guard let recipient = family.member(id) else { return nil }
            return control.make(letter.contentType, letter.body, to: recipient, line: line, seq: 1, now: now())
        case .topic(let topic):
            guard let key = topics.record(topic)?.current else {
                unsent.append(letter)
                for listener in listeners.withLock({ $0 }) { listener(topic) }
                return nil
            }
            return control.make(letter.contentType, letter.body, to: topic, with: key, line: line, now: now())
        }
    }
}
