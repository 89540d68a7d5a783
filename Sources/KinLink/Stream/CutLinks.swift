import KinCrypto
public import KinEncoding
import KinIdentity
import KinWire

/// The cut links that a device holds for those that may come back, within bounds: the longest cut make room first.
public struct CutLinks: Sendable {
    private let maxLinks: Int
    private let maxBytes: Int
    /// In the order they were cut.
    private var links: [CutLink] = []

    /// - Parameter maxBytes: of all of them together.
    public init(maxLinks: Int = 128, maxBytes: Int = 64 << 20) {
        self.maxLinks = maxLinks
        self.maxBytes = maxBytes
    }

    public var count: Int { links.count }

    /// - Returns: those that are given up for it, or it itself where it alone is too large.
    public mutating func hold(_ link: CutLink) -> [CutLink] {
        links.append(link)
        var total = links.reduce(0) { $0 + $1.byteCount }
        var dropped: [CutLink] = []
        while links.count > maxLinks || total > maxBytes {
            dropped.append(links.removeFirst())
            total -= dropped.last?.byteCount ?? 0
        }
        return dropped
    }

    /// How far the link that `caller` asks for has come: what to answer. nil: not held, or not between these keys. Nothing changes, as the caller may
    /// be a repeat.
    /// - Parameter now: milliseconds.
    public func receivedThrough(
        for caller: LinkResponder.Caller, own: X25519.PublicKey, now: Int64
    ) -> Int64? {
        guard let asked = caller.resumption else { return nil }
        return links.first { $0.id == asked.link && $0.isBetween(own, caller.peer) && !$0.isOver(at: now) }?
            .receivedThrough
    }

    /// Hands out the link that a confirmed connection continues.
    public mutating func take(_ id: LinkID) -> CutLink? {
        links.firstIndex { $0.id == id }.map { links.remove(at: $0) }
    }

    /// Gives up those of one member.
    public mutating func drop(of member: ULID) -> [CutLink] {
        let over = links.filter { $0.peer.member == member }
        links.removeAll { $0.peer.member == member }
        return over
    }

    /// Gives up what nobody came back for.
    /// - Parameter now: milliseconds.
    public mutating func sweep(now: Int64) -> [CutLink] {
        let over = links.filter { $0.isOver(at: now) }
        links.removeAll { $0.isOver(at: now) }
        return over
    }
}
