import KinWire

extension KinError {
    static let vaultLocked = KinError(
        "vault_locked", "the vault is locked: unlock it, with kin vault unlock", category: .refused)

    static let alreadyUnlocked = KinError(
        "already_unlocked", "the vault is unlocked already: lock it first to use another phrase", category: .conflict)

    static let handleRequired = KinError(
        "handle_required", "this uses a private key: it takes the handle that unlocking gave", category: .refused)

    static let handleInvalid = KinError(
        "handle_invalid", "this handle is not of this unlocking: unlock the vault again for a new one",
        category: .refused)

    static let handleAttempts = KinError(
        "handle_attempts", "too many wrong handles at once: try again in a few seconds", category: .busy,
        retryable: true)

    static let walletPathPrivate = KinError(
        "wallet_path_private", "keys at and below m/44'/501', and those that lead there, never leave the vault",
        category: .refused)

    static let phraseMismatch = KinError(
        "phrase_mismatch", "this is not the phrase that the vault is unlocked with", category: .refused)
}
