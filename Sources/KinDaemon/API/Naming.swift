import KinClient
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire

/// What devices are called: this one by everybody, the others here.
struct Naming: Sendable {
    let installation: Installation
    let name: OwnName
    let family: Family
    let profiles: ProfileBook
    let directory: DirectoryRunner
    /// Has every relay show this device's record anew.
    let republish: @Sendable () -> Void

    /// In force at once, and at the next start.
    func rename(_ request: RenameRequest) throws -> RenameAnswer {
        try name.change(to: request.name) {
            var settings = try DaemonSettings(reading: installation.state)
            settings.name = request.name
            try settings.write(to: installation.state)
        }
        try profiles.rename()
        republish()
        directory.lookSoon()
        let others = family.everybody.map(\.member).filter {
            $0 != installation.chain.member && family.ownName(of: $0) == request.name.description
        }
        return RenameAnswer(name: request.name, others: others)
    }

    func alias(_ request: AliasRequest) throws -> DeviceNaming {
        let member = try family.resolve(request.device)
        guard member.member != installation.chain.member else {
            throw Self.itself("what it is called everywhere is changed by  kin device rename NAME")
        }
        try family.withDirectory { try set(request.alias, for: member.member, in: &$0) }
        return naming(member)
    }

    /// Lists a device no more that is gone; it is back, and news, once a relay shows it again.
    func forget(_ request: ForgetRequest) async throws -> DeviceNaming {
        let device = try family.withDirectory { try $0.find(request.device) }
        let (machine, member) = (device.opened.machineID, device.opened.member)
        guard machine != installation.machineID else {
            throw Self.itself("it is forgotten, with its keys, by  kin wallet forget")
        }
        guard !device.isOnline, member.map({ family.state(of: $0.member) }) != .online else {
            throw KinError(
                "device_online",
                "\(request.device) is there, and would be listed again at once. To put it out of the family:  kin device revoke",
                category: .conflict)
        }
        let forgotten =
            member.map(naming)
            ?? DeviceNaming(name: device.opened.record.name, ownName: nil, member: nil, machineID: machine)
        if let member { try family.withDirectory { try set(nil, for: member.member, in: &$0) } }
        try await directory.forget(machine)
        return forgotten
    }

    private func set(_ alias: DeviceName?, for member: ULID, in directory: inout Directory) throws {
        var aliases = directory.aliases
        try aliases.set(alias, for: member)
        guard aliases != directory.aliases else { return }
        try aliases.write(to: installation.state)
        directory.aliases = aliases
    }

    private func naming(_ member: VerifiedMember) -> DeviceNaming {
        DeviceNaming(
            name: family.name(of: member.member),
            ownName: family.alias(of: member.member).map { _ in family.ownName(of: member.member) },
            member: member.member, machineID: member.machineID)
    }

    private static func itself(_ advice: String) -> KinError {
        KinError("this_device", "that is this device itself: \(advice)", category: .usage)
    }
}
