import Foundation

/// What a sender says, and how it knows that a message is acknowledged.
protocol Sender: AnyObject {
    var connection: LoadConnection { get }
    /// The bytes of one more message.
    func nextMessage() -> [UInt8]
    /// Takes whole answers off what the connection received.
    /// - Returns: how many messages they acknowledge.
    /// - Throws: `BenchError` where the server refuses one.
    func acknowledged() throws -> Int
}

/// A closed loop: each sender has one unanswered message. One thread for all of them, the same for every broker.
enum Load {
    static func run(_ senders: [any Sender], for seconds: Double) throws -> Samples {
        var polled = senders.map { pollfd(fd: $0.connection.descriptor, events: Int16(POLLIN), revents: 0) }
        var sentAt = [Double](repeating: 0, count: senders.count)
        var samples = Samples()
        let start = monotonicSeconds()
        for (index, sender) in senders.enumerated() {
            sentAt[index] = monotonicSeconds()
            try sender.connection.write(sender.nextMessage())
        }
        var open = senders.count
        while open > 0 {
            guard poll(&polled, nfds_t(polled.count), 30_000) > 0 else {
                throw BenchError("\(open) messages were not acknowledged within 30 s")
            }
            for index in polled.indices where polled[index].revents != 0 {
                let sender = senders[index]
                try sender.connection.readMore()
                guard try sender.acknowledged() > 0 else { continue }
                let now = monotonicSeconds()
                samples.add(now - sentAt[index])
                guard now - start < seconds else {
                    polled[index].fd = -1
                    open -= 1
                    continue
                }
                sentAt[index] = now
                try sender.connection.write(sender.nextMessage())
            }
        }
        samples.wall = monotonicSeconds() - start
        return samples
    }
}
