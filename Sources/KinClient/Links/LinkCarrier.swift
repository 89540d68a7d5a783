/// What carries the frames of a link or of a pairing room: in order, each whole, as they were given, or not at all.
///
/// A carrier keeps nothing secret and vouches for nobody: what travels on it is sealed by whoever uses it.
public protocol LinkCarrier: Sendable {
    /// Gives a frame away, as soon as the other side has taken enough of those before.
    /// - Parameter frame: at most `LinkFrame.maxBytes`.
    func send(_ frame: [UInt8]) async throws(LinkEnd)

    /// Whether `give` may be called now. Never, for a carrier that cannot tell without waiting.
    var hasRoom: Bool { get }

    /// Gives a frame away without waiting.
    func give(_ frame: [UInt8])

    /// The next frame.
    /// - Parameter limit: nil waits for as long as the carrier lives.
    /// - Throws: the carrier's end, once everything that came before it was received; `timed_out`, after which the carrier goes on.
    func receive(within limit: Duration?) async throws(LinkEnd) -> [UInt8]

    /// Has small frames taken where they come while `receive` waits for the next: in the same order, but without waking it. A carrier need not do so.
    /// - Parameter taker: does not wait, nor take long.
    func takeSmallFrames(_ taker: @escaping LinkFrame.Taker)

    /// Ends the carrier behind what was sent so far. Only the first end counts.
    /// - Parameters:
    ///   - code: 1000, which the other side hears as `peer_closed`, or one of `LinkClose.applicationCodes`, which it hears as it is.
    ///   - reason: a word for the other side, `[a-z0-9_]`, at most 64 bytes.
    func close(code: UInt16, reason: String)
}

extension LinkCarrier {
    public var hasRoom: Bool { false }

    public func give(_ frame: [UInt8]) {}

    public func takeSmallFrames(_ taker: @escaping LinkFrame.Taker) {}

    public func receive() async throws(LinkEnd) -> [UInt8] { try await receive(within: nil) }

    public func close(reason: String) { close(code: 1000, reason: reason) }
}

public enum LinkFrame {
    /// The largest message of Noise.
    public static let maxBytes = 65_535
    /// A change of thread costs more than a frame of so many bytes.
    static let small = 4096

    /// What became of a frame that was offered where it came.
    public enum Taking: Sendable {
        case taken
        /// It is for `receive`.
        case declined
        /// Nothing more is to be taken: `receive` throws.
        case over
    }

    public typealias Taker = @Sendable (_ frame: [UInt8]) -> Taking
}
