import KinWire
import Synchronization

/// One mesh's revocation log, shared by everything that verifies chains. Safe to use from any thread.
public final class RevocationLedger: Sendable {
    private let log: Mutex<RevocationLog>

    public init(_ log: RevocationLog) { self.log = Mutex(log) }

    /// - Parameter proofs: what was kept of the log; each is checked again, but its date was checked when it came.
    public convenience init(mesh: MeshID, holding proofs: [RevocationProof] = []) {
        var log = RevocationLog(mesh: mesh)
        for proof in proofs { _ = try? log.add(proof, now: proof.entry.at) }
        self.init(log)
    }

    /// The log as it is now.
    public var current: RevocationLog { log.withLock { $0 } }

    public var head: RevocationHead { log.withLock { $0.head } }

    public var verdicts: RevocationVerdicts { log.withLock { $0.verdicts } }

    /// Takes entries in; each stands for itself.
    /// - Parameter now: milliseconds.
    /// - Returns: those that are new, and why others are not valid.
    public func take(_ proofs: [RevocationProof], now: Int64) -> (new: [RevocationProof], faults: [RevocationFault]) {
        log.withLock { log in
            var new: [RevocationProof] = []
            var faults: [RevocationFault] = []
            for proof in proofs {
                do throws(RevocationFault) {
                    if try log.add(proof, now: now) { new.append(proof) }
                } catch {
                    faults.append(error)
                }
            }
            return (new, faults)
        }
    }
}
