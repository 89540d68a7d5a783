import Foundation
import KinCrypto
import KinEncoding
import KinWire

/// Makes a copied home a device of its own: another machine id, other keys, another certificate by the wallet.
///
/// What belongs to the original is moved aside, not deleted: every file of the daemon's folder but its logs, hooks and lock, and `device.json`, each to
/// `<name>.before-remint-<time>`. A crash on the way leaves a home that does not start and can be reminted again.
public struct Reminting: Sendable {
    private let state: StateFolder
    private let reader: HostReader
    /// Milliseconds.
    private let now: Int64

    public init(_ state: StateFolder, reader: HostReader, now: Int64) {
        self.state = state
        self.reader = reader
        self.now = now
    }

    public struct Outcome: Hashable, Sendable {
        public let machineID: MachineID
        public let member: ULID
        /// Paths of what was moved aside, as they are now.
        public let movedAside: [String]
    }

    /// Of the daemon's folder, what is no part of an identity. The lock is held by whoever runs this.
    private static func stays(_ name: String) -> Bool {
        ["pid", "sock", "hooks", "host_fingerprint.json"].contains(name) || name.hasPrefix("daemon.log")
            || name.contains(".before-remint-")
    }

    /// - Throws: `no_wallet`; `another_wallet` where `wallet` is not the home's.
    public func run(_ wallet: WalletFile, signer: any WalletSigner) async throws -> Outcome {
        try state.prepare()
        guard try WalletFile(reading: state.walletPath) != nil else { throw Installation.missing(state) }
        let enrolment = Enrolment(state: state, now: now)
        try enrolment.refuseAnotherWallet(than: wallet.address)
        // The wallet's word first: without it nothing is touched.
        let keys = DeviceKeys.generate()
        let machineID = try MachineFile.random()
        let chain = try await enrolment.certify(
            keys, machineID: machineID, mesh: .home(of: wallet.address), signer: signer)
        let moved = try moveAside()
        try MachineFile.write(machineID, in: state)
        try keys.write(to: state.daemon() + "/keypair.json")
        try chain.write(to: state.daemon() + "/chain.json")
        try wallet.write(to: state.walletPath)
        // Last: until here the home fits no machine, and no daemon starts in it.
        try HostFingerprint(of: reader).write(to: state.hostFingerprintPath)
        return Outcome(machineID: machineID, member: chain.chain.member, movedAside: moved)
    }

    private func moveAside() throws -> [String] {
        let mark = ".before-remint-" + timestamp
        var moved: [String] = []
        if let known = try? StateFolder.read(state.hostFingerprintPath) {
            let aside = Self.free(state.hostFingerprintPath + mark)
            try StateFolder.write(known, to: aside, mode: 0o600)
            moved.append(aside)
        }
        try HostFingerprint.unfinished.write(to: state.hostFingerprintPath)
        let names = try FileManager.default.contentsOfDirectory(atPath: state.daemon()).filter { !Self.stays($0) }
        for path in [state.path("device.json")] + names.sorted().map({ state.daemon() + "/" + $0 })
        where FileManager.default.fileExists(atPath: path) {
            let aside = Self.free(path + mark)
            guard rename(path, aside) == 0 else {
                throw KinError("home_not_writable", "\(path) cannot be moved: \(String(cString: strerror(errno)))")
            }
            moved.append(aside)
        }
        return moved
    }

    /// The name itself, or with a number behind it where an earlier file has it.
    private static func free(_ path: String) -> String {
        guard FileManager.default.fileExists(atPath: path) else { return path }
        var number = 2
        while FileManager.default.fileExists(atPath: "\(path)-\(number)") { number += 1 }
        return "\(path)-\(number)"
    }

    /// `20261121T100312Z`.
    private var timestamp: String {
        let date = Date(timeIntervalSince1970: Double(now / 1000))
        return date.formatted(.iso8601.dateSeparator(.omitted).timeSeparator(.omitted))
    }
}
