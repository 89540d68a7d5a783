import KinWire

/// What a daemon does in a home that was made on another machine: `[clone] policy`.
public enum ClonePolicy: String, Hashable, Sendable, CaseIterable {
    /// It does not start.
    case refuse
    /// It starts, and says so.
    case warn
    /// It starts.
    case allow
}

/// The check before anything is dialled: two machines with one identity would take each other's messages.
public struct HostCheck: Sendable {
    public enum Verdict: Hashable, Sendable {
        /// There was nothing to compare with; there is now.
        case firstStart
        case same
        /// Another machine, or another network interface: moved, or a copy.
        case differs
    }

    private let path: String
    private let reader: HostReader

    public init(_ state: StateFolder, reader: HostReader) {
        path = state.hostFingerprintPath
        self.reader = reader
    }

    /// Compares, and at the first start writes the fingerprint.
    /// - Throws: `clone_suspected` (category refused) where `policy` says so; `file_damaged`, `loose_mode`.
    public func run(_ policy: ClonePolicy) throws -> Verdict {
        guard let known = try HostFingerprint(reading: path) else {
            try HostFingerprint(of: reader).write(to: path)
            return .firstStart
        }
        if known.fits(reader) { return .same }
        guard policy == .refuse else { return .differs }
        throw KinError(
            "clone_suspected",
            """
            this home was made on another machine, or this machine's network card changed. If it is the same device, run  \
            kin daemon accept-host . If it is a copy and the original is still in use, run  kin daemon remint  to become a \
            device of its own
            """, category: .refused)
    }

    /// Takes this machine for the home's own.
    /// - Returns: whether it was not before.
    public func accept() throws -> Bool {
        // A damaged file is one reason to come here.
        let known = (try? HostFingerprint(reading: path)) ?? nil
        if let known, known.fits(reader) { return false }
        try HostFingerprint(of: reader).write(to: path)
        return true
    }
}

extension StateFolder {
    var hostFingerprintPath: String { daemon() + "/host_fingerprint.json" }
}
