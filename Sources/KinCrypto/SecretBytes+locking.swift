import CSodium

extension SecretBytes {
    /// Whether secrets stay out of swap, as far as one trial tells: whether the system let this process lock 1 MiB,
    /// the room of 256 secrets. Tried once, at the first reading.
    ///
    /// Where it is false, `ulimit -l` (`LimitMEMLOCK=` of systemd) is too low, and the user should be told once.
    public static let isLockedAgainstSwap: Bool = {
        _ = Sodium.ready
        let trial = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 1 << 14)
        defer { trial.deallocate() }
        guard sodium_mlock(trial.octets, trial.count) == 0 else { return false }
        return sodium_munlock(trial.octets, trial.count) == 0
    }()
}
