import KinWire

/// What one mesh's broker keeps of the settings its owners signed: the newest. A value; the hub guards it.
struct HeldSettings {
    /// On disk. It need not hold: its signer may have been revoked since.
    private(set) var kept: SettingsProof?
    /// Being written; one at a time, so that the last to be taken is the last on disk.
    private(set) var pending: SettingsProof?

    init(_ stored: SettingsProof? = nil) { kept = stored }

    mutating func take(_ proof: SettingsProof) { pending = proof }

    mutating func written(_ isStored: Bool) {
        if isStored { kept = pending }
        pending = nil
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
