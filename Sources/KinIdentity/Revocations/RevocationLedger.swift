import KinWire
import Synchronization

/// One mesh's revocation log, shared by everything that verifies chains. Safe to use from any thread.
public final class RevocationLedger: Sendable {
    private let log: Mutex<RevocationLog>

    public init(_ log: RevocationLog) { self.log = Mutex(log) }

    /// - Parameter proofs: what was kept of the log; each is checked again, but its date was checked when it came.
    public convenience init(mesh: MeshID, holding proofs: [RevocationProof] = []) {
        var log = RevocationLog(mesh: mesh)
        log.restore(proofs)
        self.init(log)
    }

    /// The log as it is now.
    public var current: RevocationLog { log.withLock { $0 } }

    public var head: RevocationHead { log.withLock { $0.head } }

    public var verdicts: RevocationVerdicts { log.withLock { $0.verdicts } }

    /// Takes entries in; each stands for itself.
    /// - Parameter now: milliseconds.
    public func take(_ proofs: [RevocationProof], now: Int64) -> Taken {
        log.withLock { log in
            var taken = Taken()
            for proof in proofs {
                do throws(RevocationFault) {
                    let change = try log.add(proof, now: now)
                    if change != .none { taken.new.append(proof) }
                    if case .replaced(let old) = change { taken.replaced.append(old) }
                } catch {
                    if error != .superseded { taken.faults.append(error) }
                }
            }
            return taken
        }
    }

    /// What became of entries.
    public struct Taken: Sendable {
        public var new: [RevocationProof] = []
        /// Weaker ones of the same author against the same target, which are in the log no more.
        public var replaced: [RevocationProof] = []
        /// Why others are not valid.
        public var faults: [RevocationFault] = []
    }
}
