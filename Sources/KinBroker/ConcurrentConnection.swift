import KinEncoding
import KinWire

/// A member connected while it was connected: for whoever keeps the books (`member_concurrent_connection`).
public struct ConcurrentConnection: Hashable, Sendable {
    public enum Outcome: String, CaseIterable, Sendable {
        /// The older connection was closed.
        case replaced
        /// The older connection gave no sign of life, and was closed.
        case silent
        /// The older connection answered, and the newer one was closed.
        case refused
        /// Both stay.
        case both
    }

    public var member: MeshMember
    /// That held at the time.
    public var policy: ConcurrentPolicy
    public var outcome: Outcome
}
