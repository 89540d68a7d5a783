import KinCrypto
import KinIdentity
import KinNoise
import KinWire

/// A stream of frames between two devices, over whatever carries messages of at most 65,535 bytes in order. Pure: the carrier's code asks for what
/// to send and hands in what came.
///
///     try link.submit(frame)                      // while link.isReady
///     while let message = try link.next() { … }   // whenever the carrier takes more, and after everything handed in
///     if let event = try link.receive(message) { … }
///     let rest = link.cut(at: now)                // the carrier ended: 30 s to continue
public struct Link: ~Copyable, Sendable {
    /// What became of a message.
    public enum Event: Hashable, Sendable {
        case frame([UInt8])
        /// The other side ended it, for a reason in `[a-z0-9_]`.
        case ended(reason: String)
    }

    public let id: LinkID
    public let peer: VerifiedMember
    let ownKey: X25519.PublicKey
    let maxFrame: Int
    var cipher: LinkCipher
    var outgoing: OutgoingStream
    var incoming: IncomingStream
    /// The side that called speaks first: only then is it believed.
    private var owesAcknowledgement: Bool
    private var ending: String?
    public private(set) var hasEnded = false
    /// What the other side ended it for.
    public private(set) var peerReason: String?

    /// A new link.
    /// - Parameter maxFrame: bytes, at most 16 MiB.
    /// - Throws: `lost` where `connection` continues another.
    public init(
        _ connection: consuming LinkConnection, maxFrame: Int = LinkLimits.maxFrame
    ) throws(LinkFault) {
        guard !connection.isContinued else { throw .lost }
        self.init(
            connection, outgoing: OutgoingStream(), incoming: IncomingStream(maxFrame: maxFrame), maxFrame: maxFrame)
    }

    init(
        _ connection: consuming LinkConnection, outgoing: OutgoingStream, incoming: IncomingStream, maxFrame: Int,
        rekeyAfter: UInt64 = LinkLimits.rekeyAfter
    ) {
        id = connection.link
        peer = connection.peer
        ownKey = connection.ownKey
        owesAcknowledgement = connection.isInitiator
        self.maxFrame = maxFrame
        self.outgoing = outgoing
        self.incoming = incoming
        cipher = LinkCipher(connection.transport, rekeyAfter: rekeyAfter)
    }

    /// The position up to which everything has come.
    public var receivedThrough: Int64 { incoming.receivedThrough }

    /// Whether parts of a frame have come whose last has not.
    public var isAssembling: Bool { incoming.byteCount > 0 }

    /// The position from which on the other side owes an acknowledgement; nil where it owes none. A carrier on which it stays the same for long
    /// brings nothing over any more.
    public var awaitedFrom: Int64? { outgoing.awaitsAcknowledgement ? outgoing.acknowledged : nil }

    /// Whether `submit` takes a frame.
    public var isReady: Bool { !hasEnded && ending == nil && outgoing.isReady }

    /// Whether `next` has an acknowledgement that cannot wait.
    public var owesAnswer: Bool { owesAcknowledgement || incoming.mustAcknowledge }

    /// Gives a frame to send; `next` has its messages.
    /// - Throws: `frameTooLarge`, `busy`, `ended`; the link is as before.
    public mutating func submit(_ frame: [UInt8]) throws(LinkFault) {
        guard !hasEnded, ending == nil else { throw .ended }
        guard frame.count <= maxFrame else { throw .frameTooLarge }
        guard outgoing.isReady else { throw .busy }
        outgoing.submit(frame)
    }

    /// Ends the link once everything submitted is sent.
    /// - Parameter reason: 1 to 64 of `[a-z0-9_]`, for the other side.
    public mutating func end(reason: String) { ending = ending ?? reason }

    /// Has the other side told what came, though little did: for when nothing else is to be said, so that it need not keep it.
    public mutating func acknowledge() { if incoming.hasNews { owesAcknowledgement = true } }

    /// The next message to send; nil while there is none, or too much is unacknowledged.
    public mutating func next() throws(LinkFault) -> [UInt8]? {
        guard !hasEnded else { return nil }
        if owesAnswer {
            owesAcknowledgement = false
            return try cipher.seal(.acknowledgement(through: incoming.acknowledge()))
        }
        if let record = outgoing.next() { return try cipher.seal(record) }
        guard let ending, outgoing.isDrained else { return nil }
        hasEnded = true
        return try cipher.seal(.end(reason: ending))
    }

    /// Takes the message that came.
    /// - Returns: nil for one that is only the link's own affair.
    /// - Throws: `tampered`, after which a new connection may continue; `ended`; `malformed`, `frameTooLarge` or `positionInvalid`, which end the link.
    public mutating func receive(_ message: [UInt8]) throws(LinkFault) -> Event? {
        guard !hasEnded else { throw .ended }
        let bytes = try cipher.open(message)
        do throws(LinkFault) {
            return try take(bytes)
        } catch {
            hasEnded = true
            throw error
        }
    }

    private mutating func take(_ bytes: [UInt8]) throws(LinkFault) -> Event? {
        guard let record = try? LinkRecord(bytes) else { throw .malformed }
        switch record {
        case .more(let content): return try incoming.take(content, isLast: false).map { .frame($0) }
        case .last(let content): return try incoming.take(content, isLast: true).map { .frame($0) }
        case .acknowledgement(let position):
            try outgoing.acknowledge(through: position)
            return nil
        case .end(let reason):
            hasEnded = true
            peerReason = reason
            return .ended(reason: reason)
        }
    }
}
