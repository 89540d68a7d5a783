import KinWire

/// What one mesh's broker knows of new wallets: the first that came, and a rival where there is one. A value; the hub guards it.
///
/// The first alone closes the mesh. With a rival nobody follows by himself, so messages flow again until each device's user has decided.
struct Successions {
    /// On disk, the first first.
    private(set) var kept: [Handover] = []
    /// Being written.
    private var pending: Handover?

    init(_ stored: [Handover] = []) { kept = stored }

    /// The only one there is.
    var accepted: Handover? { kept.count == 1 ? kept[0] : nil }

    var isClosed: Bool { kept.count == 1 || kept.isEmpty && pending != nil }

    /// - Returns: what to write; or why nothing is.
    mutating func take(_ handover: Handover) -> Result<[Handover], SuccessionRefusal> {
        let successor = handover.succession.successor
        if let known = kept.first {
            // Said again by whoever did not hear the answer: writing it again answers.
            if known.succession.successor == successor { return .success(kept) }
            guard kept.count == 1 || kept[1].succession.successor == successor else { return .failure(.conflict) }
        }
        guard pending == nil else { return .failure(.notStored) }
        guard kept.count < 2 else { return .success(kept) }
        pending = handover
        return .success(kept + [handover])
    }

    mutating func takenBack() { pending = nil }

    /// - Returns: why its speaker is not followed; nil where it is.
    mutating func stored(_ handover: Handover) -> SuccessionRefusal? {
        if pending == handover {
            kept.append(handover)
            pending = nil
        }
        return kept.count == 1 ? nil : .conflict
    }
}

/// Why a succession does not hold; the `code` of the `error` that says so.
enum SuccessionRefusal: String, Error {
    case invalid = "succession_invalid"
    /// Another wallet claims it too: neither is followed by itself.
    case conflict = "succession_conflict"
    /// Try again.
    case notStored = "storage_unavailable"

    var message: String {
        switch self {
        case .invalid: "both wallets and the owner device that is connected must have signed it"
        case .conflict: "another wallet claims to take over as well: each device's user decides"
        case .notStored: "it could not be stored now: say it again"
        }
    }
}
