import KinCrypto
import KinTesting
import KinVault
import KinWire
import Synchronization

/// A vault with a clock that a test moves, and pauses that take no time and are written down.
final class OpenVault: Sendable {
    let clock = TestClock()
    let service: VaultService
    let pauses: Waits

    init(limits: VaultService.Limits = VaultService.Limits()) {
        let (clock, waits) = (clock, Waits())
        pauses = waits
        service = VaultService(limits: limits, now: { clock.now }, pause: { waits.add($0) })
    }

    /// Pauses as they were asked for.
    final class Waits: Sendable {
        private let list = Mutex<[Duration]>([])
        func add(_ pause: Duration) { list.withLock { $0.append(pause) } }
        var all: [Duration] { list.withLock { $0 } }
    }

    /// Unlocks with the vectors' phrase.
    func unlock() async throws -> VaultHandle {
        try await service.unlock(VaultVectors.phrase(), passphrase: SecretBytes(VaultVectors.file().text("passphrase")))
    }

    /// What refuses a call.
    static func code(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch let error as KinError { return error.code } catch { return "\(error)" }
    }
}
