import KinClient
import KinMailbox
import KinSession
import KinWire
import Logging

// Posts whose key has not come.

extension Incoming {
    /// They are acknowledged once they are on disk as they are.
    func keep(_ posts: [SealedPost], _ link: MeshLink) {
        inbox.keep(posts, from: intake(of: link)) { [self] result in
            switch result {
            case .success(let dropped):
                metrics.sealedPosts.add(posts.count)
                if dropped > 0 {
                    logger.warning("sealed_posts_dropped", metadata: ["count": .stringConvertible(dropped)])
                }
                acknowledge(
                    posts.map { ClientAck.Entry(brokerMessageID: $0.header.brokerMessageID, result: .stale) }, link)
                for post in posts { topics.keyMissing(post.header) }
            case .failure(let error):
                logger.error("inbox_write_failed", metadata: ["error": .string("\(error)")])
                link.close(.inboxWriteFailed)
            }
        }
    }

    /// A key has come: what opens now is taken in, in the order it came.
    func keyCame(_ topic: TopicName) { queue.async { [self] in open(topic, after: 0) } }

    /// A session is ready: what waited before it is looked for again.
    func lookForKeys() {
        queue.async { [self] in
            do {
                for kept in try inbox.sealedEpochs() {
                    topics.exchange.need(kept.topic, kept.epoch, from: kept.senders)
                }
            } catch {
                logger.error("inbox_unreadable", metadata: ["error": .string("\(error)")])
            }
        }
    }

    private static let openedAtOnce = 256

    /// On `queue`.
    private func open(_ topic: TopicName, after id: Int64) {
        let posts: [SealedPost]
        do { posts = try inbox.sealed(topic, after: id, limit: Self.openedAtOnce) } catch {
            return logger.error("inbox_unreadable", metadata: ["error": .string("\(error)")])
        }
        guard let last = posts.last else { return }
        let (mail, done) = opened(posts)
        inbox.unseal(mail, dropping: done, store: store?.identity) { [self] result in
            switch result {
            case .success(let arrivals): arrived(arrivals, of: mail)
            case .failure(let error): logger.error("inbox_write_failed", metadata: ["error": .string("\(error)")])
            }
            queue.async { [self] in open(topic, after: last.id) }
        }
    }

    /// What belongs into the inbox, and which posts need not be kept any more.
    private func opened(_ posts: [SealedPost]) -> (mail: [IncomingMessage], done: [Int64]) {
        var mail: [IncomingMessage] = []
        var done: [Int64] = []
        for post in posts {
            do throws(PushOpener.Refusal) {
                let incoming = try opener.open(post.header, post.body, now: now())
                if incoming.message.isDaemonsOwn {
                    _ = topics.received(incoming.message)
                } else {
                    mail.append(incoming)
                }
            } catch {
                // Another key may open it.
                if error.fault == .keyMissing { continue }
                metrics.inbound.note(InboundCounters.Fact(error.fault))
            }
            done.append(post.id)
        }
        return (mail, done)
    }
}
