/// What a broker does when a member connects that is connected (docs/protocol/mesh.md, "Two connections, one member").
public enum ConcurrentPolicy: String, CaseIterable, Hashable, Sendable, CustomStringConvertible {
    /// The older connection is closed 4003.
    case preferNewest = "prefer_newest"
    /// The newer connection is closed 4004, while the older one answers.
    case preferOldest = "prefer_oldest"
    /// Both stay, and each gets every message.
    case allowConcurrent = "allow_concurrent"

    public var description: String { rawValue }
}

extension Fields {
    package mutating func concurrentPolicy(_ name: String = "concurrent_policy") throws(WireError) -> ConcurrentPolicy {
        try parsed(name, as: ConcurrentPolicy.allCases.map(\.rawValue).joined(separator: ", ")) {
            ConcurrentPolicy(rawValue: $0)
        }
    }
}
