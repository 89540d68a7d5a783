import Dispatch
import KinClient
import KinCrypto
import KinEncoding
import KinIdentity
import KinWire
import Logging
import Synchronization

/// Sends daemons' own messages until the broker has them, over as many connections as it takes, for an hour where it refuses them. In memory: what a crash
/// loses is asked for again.
///
/// Unchecked: what varies is touched only on `queue`, which is serial: every entry from outside goes through it.
final class ControlMail: @unchecked Sendable {
    private struct Letter {
        var contentType: String
        var body: [UInt8]
        var destination: Destination
        /// Called once the broker has it, or it is given up.
        var done: (@Sendable (Bool) -> Void)?
        /// Of a post that is on its way.
        var epoch: Epoch?
        /// When the broker refused it first, milliseconds.
        var refusedAt: Int64?
        var refusals = 0

        var isPost: Bool { if case .topic = destination { true } else { false } }
    }

    /// Letters that wait for the broker; beyond them the oldest are given up.
    private static let maxLetters = 4096
    /// Milliseconds until a letter that was refused is sent again; doubled each time.
    private static let pauses = (first: 500, longest: 60_000)
    /// Milliseconds: after that a letter that is still refused is given up.
    private static let patience: Int64 = 3_600_000

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

    /// Where keys are to be had.
    private weak var keys: KeyExchange?
    private let logger: Logger

    init(
        control: ControlMessage, family: Family, topics: TopicBook, logger: Logger,
        now: @escaping @Sendable () -> Int64
    ) {
        self.control = control
        self.family = family
        self.topics = topics
        self.logger = logger
        self.now = now
    }

    func ask(_ keys: KeyExchange) { queue.async { [self, weak keys] in self.keys = keys } }

    /// - Parameter done: called once, with whether the broker has it; else it was given up.
    func send(
        _ contentType: String, _ body: [UInt8], to destination: Destination, done: (@Sendable (Bool) -> Void)? = nil
    ) {
        queue.async { [self] in
            if unsent.count >= Self.maxLetters { giveUp(unsent.removeFirst(), because: "too_many_wait") }
            unsent.append(Letter(contentType: contentType, body: body, destination: destination, done: done))
            pump()
        }
    }

    private func giveUp(_ letter: Letter, because reason: String) {
        logger.warning(
            "control_mail_given_up",
            metadata: ["type": .string(letter.contentType), "reason": .string(reason)])
        letter.done?(false)
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
            for ack in acks { sent.removeValue(forKey: ack.clientMessageID)?.done?(true) }
            for nack in nacks {
                if let letter = sent.removeValue(forKey: nack.clientMessageID) { refused(letter, nack) }
            }
            awaitsAnswer.store(!sent.isEmpty, ordering: .releasing)
        }
    }

    private func refused(_ letter: Letter, _ nack: Nack) {
        var letter = letter
        let time = now()
        letter.refusedAt = letter.refusedAt ?? time
        letter.refusals += 1
        guard nack.retryable, time - (letter.refusedAt ?? time) < Self.patience else {
            return giveUp(letter, because: nack.code)
        }
        if nack.code == "unknown_member" { introduce(letter.destination) }
        if nack.code == "epoch_stale", let epoch = letter.epoch, case .topic(let topic) = letter.destination {
            keys?.stale(topic, epoch)
        }
        let doubled = Self.pauses.first << min(letter.refusals - 1, 7)
        let pause = min(max(doubled, Int(nack.retryAfter ?? 0)), Self.pauses.longest)
        queue.asyncAfter(deadline: .now() + .milliseconds(pause)) { [self, letter] in
            unsent.append(letter)
            pump()
        }
    }

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
            var letter = letter
            letter.epoch = made.send.epoch
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
            guard let recipient = family.member(id) else {
                letter.done?(false)
                return nil
            }
            return control.make(letter.contentType, letter.body, to: recipient, line: line, seq: 1, now: now())
        case .topic(let topic):
            guard let key = topics.record(topic)?.current else {
                unsent.append(letter)
                keys?.need(topic)
                return nil
            }
            return control.make(letter.contentType, letter.body, to: topic, with: key, line: line, now: now())
        }
    }
}
