import CSodium

/// libsodium, initialised.
enum Sodium {
    /// Touch this before the first call into libsodium: it picks the implementations for this processor and opens the
    /// source of randomness, once for the process.
    ///
    /// Without randomness no key can be made, so a failure ends the process.
    static let ready: Void = {
        guard sodium_init() >= 0 else { fatalError("libsodium could not be initialised: no source of randomness") }
    }()
}
