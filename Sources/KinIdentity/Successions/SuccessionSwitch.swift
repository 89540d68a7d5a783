import Foundation
import KinWire

/// Moves an installation into the new wallet's mesh: safe against a crash at any step, and finished by whoever opens the home next.
///
/// What is needed there lies ready in `successor-<address>/`; `succession.json` names the wallet while the files are being replaced.
public struct SuccessionSwitch: Sendable {
    /// In this order.
    public enum Step: CaseIterable, Sendable {
        case begun, keys, chain, wallet, revocations, settings, devices, members, vault, cleaned, finished
    }

    private static let files = ["wallet.json", "chain.json", "keypair.json", toldFile]
    private static let toldFile = "chain.told.json"

    private let state: StateFolder
    /// Milliseconds.
    private let now: Int64
    private let reached: @Sendable (Step) throws -> Void

    /// - Parameters:
    ///   - now: milliseconds.
    ///   - reached: called after each step.
    public init(_ state: StateFolder, now: Int64, reached: @escaping @Sendable (Step) throws -> Void = { _ in }) {
        self.state = state
        self.now = now
        self.reached = reached
    }

    /// Lays ready what this device needs in the new mesh.
    /// - Parameter keys: nil where it keeps those it has.
    public static func stage(
        _ chain: ChainFile, _ wallet: WalletFile, _ keys: DeviceKeys?, in state: StateFolder
    ) throws {
        let folder = SuccessionFile.folder(of: wallet.address, in: state)
        try StateFolder.prepareFolder(folder)
        try keys?.write(to: folder + "/keypair.json")
        try chain.write(to: folder + "/chain.json")
        try wallet.write(to: folder + "/wallet.json")
    }

    /// Whether fresh keys lie ready: this device was certified by its own user.
    public static func hasKeys(for successor: WalletAddress, in state: StateFolder) -> Bool {
        FileManager.default.fileExists(atPath: SuccessionFile.folder(of: successor, in: state) + "/keypair.json")
    }

    /// Keeps what the speaking device certified beside it.
    /// - Returns: whether that is new.
    public static func keepTold(
        _ chain: ChainFile, for successor: WalletAddress, in state: StateFolder
    ) throws -> Bool {
        let path = SuccessionFile.folder(of: successor, in: state) + "/" + toldFile
        guard !FileManager.default.fileExists(atPath: path) else { return false }
        try chain.write(to: path)
        return true
    }

    /// The speaking device introduces this one by the certificate it made: of two it is the one to have.
    public static func takeTold(for successor: WalletAddress, in state: StateFolder) throws {
        let folder = SuccessionFile.folder(of: successor, in: state)
        guard FileManager.default.fileExists(atPath: "\(folder)/\(toldFile)") else { return }
        try StateFolder.erase(folder + "/keypair.json")
        try StateFolder.move("\(folder)/\(toldFile)", to: folder + "/chain.json")
    }

    /// From here on there is no way back: a start that finds it so finishes.
    public func begin(_ file: SuccessionFile, to successor: WalletAddress) throws {
        var file = file
        file.switching = successor
        try file.write(in: state)
        try reached(.begun)
    }

    /// Finishes a switch that was begun.
    /// - Returns: whether one was.
    @discardableResult
    public func finish() throws -> Bool {
        let file = try SuccessionFile(reading: state)
        guard let successor = file.switching, let taken = file.candidate(successor) else { return false }
        let staged = SuccessionFile.folder(of: successor, in: state)
        let folder = state.daemon()
        try StateFolder.move(staged + "/keypair.json", to: folder + "/keypair.json")
        try reached(.keys)
        try StateFolder.move(staged + "/chain.json", to: folder + "/chain.json")
        try reached(.chain)
        try StateFolder.move(staged + "/wallet.json", to: state.walletPath)
        try reached(.wallet)
        try StateFolder.erase(folder + "/revocations.json")
        try reached(.revocations)
        try StateFolder.erase(folder + "/settings.json")
        try reached(.settings)
        try StateFolder.erase(state.devicesPath)
        try reached(.devices)
        try StateFolder.erase(folder + "/known_members.json")
        try reached(.members)
        // The vault is of the machine's own wallet.
        if state.mesh.isHome {
            try StateFolder.move(state.path("vault.sealed"), to: state.path("vault.sealed.old-\(now)"))
        }
        try reached(.vault)
        for candidate in file.candidates { try Self.discard(candidate.successor, in: state) }
        try reached(.cleaned)
        try Self.finished(file, taken).write(in: state)
        try reached(.finished)
        return true
    }

    private static func finished(
        _ file: SuccessionFile, _ taken: SuccessionFile.Candidate
    ) -> SuccessionFile {
        var after = SuccessionFile()
        after.previous = taken.handover.succession.mesh
        after.names = file.names
        after.policy = file.policy
        after.introduces = taken.told?.map(\.chain) ?? []
        after.spent = file.spent + file.candidates.flatMap { $0.told?.map(\.id) ?? [] }
        return after
    }

    /// Erases what was laid ready for a wallet.
    public static func discard(_ successor: WalletAddress, in state: StateFolder) throws {
        let folder = SuccessionFile.folder(of: successor, in: state)
        guard FileManager.default.fileExists(atPath: folder) else { return }
        for name in files { try StateFolder.erase("\(folder)/\(name)") }
        try FileManager.default.removeItem(atPath: folder)
    }
}
