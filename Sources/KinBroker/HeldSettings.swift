import KinWire

/// What one mesh's broker keeps of the settings its owners signed: the newest. A value; the hub guards it.
struct HeldSettings {
    typealias Answer = @Sendable (SettingsRefusal?) -> Void

    /// What was taken and is not on disk yet.
    struct Taken {
        var proof: SettingsProof
        /// Told why it does not hold, or nil: whoever said the same.
        var answers: [Answer]

        init(_ proof: SettingsProof, _ answer: @escaping Answer) { (self.proof, answers) = (proof, [answer]) }

        func answer(_ refusal: SettingsRefusal?) { for answer in answers { answer(refusal) } }

        /// Whether it says the same, and is now told with this one.
        fileprivate mutating func join(_ other: Taken) -> Bool {
            guard proof.settings == other.proof.settings else { return false }
            answers += other.answers
            return true
        }
    }

    enum Verdict {
        /// Write it now.
        case write
        /// It is written after the one under way, in place of this one.
        case queued(insteadOf: Taken?)
        /// The same is being written: whoever said it is told when it is.
        case known
        case outdated
    }

    /// On disk. It need not hold: its signer may have been revoked since.
    private(set) var kept: SettingsProof?
    /// Being written; one at a time, so that the last to be taken is the last on disk.
    private var pending: Taken?
    private var queued: Taken?

    init(_ stored: SettingsProof? = nil) { kept = stored }

    /// - Parameters:
    ///   - holding: what is kept, where it holds.
    ///   - isNewer: whether the first holds where both are valid.
    mutating func take(
        _ taken: Taken, holding: SettingsProof?, isNewer: (MeshSettings, MeshSettings) -> Bool
    ) -> Verdict {
        if queued?.join(taken) == true || pending?.join(taken) == true { return .known }
        let newest = (queued ?? pending)?.proof ?? holding
        if let newest, !isNewer(taken.proof.settings, newest.settings) { return .outdated }
        guard pending != nil else {
            pending = taken
            return .write
        }
        defer { queued = taken }
        return .queued(insteadOf: queued)
    }

    /// A write has ended.
    /// - Returns: what was written, and what to write next.
    mutating func written(_ isStored: Bool) -> (done: Taken?, next: Taken?) {
        let done = pending
        if isStored, let done { kept = done.proof }
        (pending, queued) = (queued, nil)
        return (done, pending)
    }
}

/// Why settings are not taken; the `code` of the `error` that says so.
enum SettingsRefusal: String, Error {
    case invalid = "settings_invalid"
    /// Newer ones hold.
    case outdated = "settings_outdated"
    /// Try again.
    case notStored = "storage_unavailable"

    var message: String {
        switch self {
        case .invalid: "settings are signed by an owner device of this mesh that was not revoked, with its key in force"
        case .outdated: "newer settings hold: look at them with  kin mesh set  and set again what you want"
        case .notStored: "they could not be stored now: say it again"
        }
    }
}
