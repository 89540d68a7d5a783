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

    enum Taking {
        /// What to write.
        case news([Handover])
        /// It is on disk: said again by whoever did not hear the answer, or by another device.
        case known(Handover)
        case refused(SuccessionRefusal)
    }

    mutating func take(_ handover: Handover) -> Taking {
        if let known = kept.first(where: { $0.succession.successor == handover.succession.successor }) {
            return .known(known)
        }
        guard kept.count < 2 else { return .refused(.conflict) }
        guard pending == nil else { return .refused(.notStored) }
        pending = handover
        return .news(kept + [handover])
    }

    mutating func takenBack() { pending = nil }

    mutating func stored(_ handover: Handover) {
        kept.append(handover)
        pending = nil
    }

    /// Why nobody is followed; nil where one is.
    var refusal: SuccessionRefusal? { kept.count > 1 ? .conflict : nil }
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
