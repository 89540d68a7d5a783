import KinEncoding
import KinWire

/// `succession.json`, 0600: what this device knows of new wallets that would take over, and how far it has followed.
public struct SuccessionFile: Hashable, Sendable {
    /// Wallets that may claim one succession.
    public static let maxCandidates = 4
    /// Far above the largest family.
    private static let maxBytes = 16 << 20

    /// A message by which a device is told: sent by this one.
    public struct Told: Hashable, Sendable {
        public var id: ClientMessageID
        /// In the new mesh.
        public var chain: Chain

        public init(id: ClientMessageID, chain: Chain) {
            self.id = id
            self.chain = chain
        }
    }

    /// A wallet that would take over.
    public struct Candidate: Hashable, Sendable {
        public var handover: Handover
        /// What this device needs there is in `successor-<address>/`.
        public var isHeld: Bool
        /// Made on this device, or spoken by one it had known for a day when it heard of it.
        public var isTrusted: Bool
        /// Where it was made here: whom this device tells.
        public var told: [Told]?

        public init(handover: Handover, isHeld: Bool, isTrusted: Bool, told: [Told]? = nil) {
            self.handover = handover
            self.isHeld = isHeld
            self.isTrusted = isTrusted
            self.told = told
        }

        public var successor: WalletAddress { handover.succession.successor }
        /// Whether it was made on this device.
        public var isOwn: Bool { told != nil }
    }

    public var candidates: [Candidate] = []
    /// The one a user chose on this device.
    public var chosen: WalletAddress?
    /// Set while the files are being replaced.
    public var switching: WalletAddress?
    /// The mesh this device came from last.
    public var previous: MeshID?
    /// Names of members in the mesh before, for those who have not come yet.
    public var names: [ULID: String] = [:]
    /// Chains that this device tells brokers of the new mesh.
    public var introduces: [Chain] = []
    /// Messages in the outbox whose content is not needed any more.
    public var spent: [ClientMessageID] = []
    /// What held for two connections of one member, where this device sets it again in the new mesh.
    public var policy: ConcurrentPolicy?

    public init() {}

    /// The one that is followed: chosen by the user, else the only one where it is trusted.
    public var followed: Candidate? {
        if let chosen { return candidate(chosen) }
        guard candidates.count == 1, let only = candidates.first, only.isTrusted else { return nil }
        return only
    }

    public func candidate(_ successor: WalletAddress) -> Candidate? { candidates.first { $0.successor == successor } }

    /// Makes room for another claim, for whoever finds a phrase can make any number of them.
    /// - Returns: the claim that was dropped for it: the oldest that the user has nothing to do with.
    public mutating func makeRoom() -> WalletAddress? {
        guard candidates.count >= Self.maxCandidates,
            let index = candidates.firstIndex(where: { !$0.isOwn && !$0.isTrusted && $0.successor != chosen })
        else { return nil }
        return candidates.remove(at: index).successor
    }

    /// Whether another claim can be kept.
    public var hasRoom: Bool { candidates.count < Self.maxCandidates }

    /// Whether several claim it and the user has not decided.
    public var isConflict: Bool { candidates.count > 1 && chosen == nil }

    public static func path(in state: StateFolder) -> String { state.daemon() + "/succession.json" }

    /// Where the files for a new wallet wait.
    public static func folder(of successor: WalletAddress, in state: StateFolder) -> String {
        state.daemon() + "/successor-\(successor)"
    }

    /// Reads the file; empty where there is none.
    public init(reading state: StateFolder) throws {
        let path = Self.path(in: state)
        guard let bytes = try StateFolder.readSecret(path, limit: Self.maxBytes)?.withBytes({ Array($0) }) else {
            self.init()
            return
        }
        do {
            try self.init(json: try JSON.parse(bytes))
        } catch {
            throw KinError(
                "file_damaged",
                "\(path) is damaged (\(error)): restore it from a backup, or remove it; then  kin wallet rotate --follow  decides again"
            )
        }
    }

    public func write(in state: StateFolder) throws {
        try StateFolder.write(json.canonicalBytes() + [UInt8(ascii: "\n")], to: Self.path(in: state), mode: 0o600)
    }
}
