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
        republish()
        directory.lookSoon()
        try profiles.rename()
        let others = family.everybody.map(\.member).filter { member in
            guard member != installation.chain.member else { return false }
            return family.ownName(of: member) == request.name.description || family.alias(of: member) == request.name
        }
        return RenameAnswer(name: request.name, others: others)
    }

    func alias(_ request: AliasRequest) throws -> DeviceNaming {
        let member = try request.alias == nil ? bearer(request.device) : family.resolve(request.device).member
        guard member != installation.chain.member else {
            throw Self.itself("what it is called everywhere is changed by  kin device rename NAME")
        }
        try family.withDirectory { try set(request.alias, for: member, in: &$0) }
        return naming(member)
    }

    /// Whose alias is to be taken away: also one's that is no member any more.
    private func bearer(_ text: String) throws -> ULID {
        let aliases = family.withDirectory(\.aliases)
        let gone = ULID(text).flatMap { aliases.name(of: $0) == nil ? nil : $0 }
        return try aliases.member(called: text) ?? gone ?? family.resolve(text).member
    }

    /// Lists a device no more that is gone; it is back, and news, once it shows itself again.
    func forget(_ request: ForgetRequest) async throws -> DeviceNaming {
        let device = try family.withDirectory { try $0.find(request.device) }
        let (machine, member) = (device.opened.machineID, device.opened.member?.member)
        guard machine != installation.machineID else {
            throw Self.itself("it is forgotten, with its keys, by  kin wallet forget")
        }
        let named = DeviceNaming(
            name: member.map(family.name) ?? device.opened.record.name,
            ownName: member.flatMap(family.alias).map { _ in device.opened.record.name }, member: member,
            machineID: machine)
        // By the list that the user sees.
        let isGone = family.devices().devices.first { $0.machineID == machine.description }.map {
            $0.state == .offline || $0.state == .unknown && $0.servers.isEmpty
        }
        guard isGone == true, try await directory.forget(machine, shownAt: device.opened.record.ts) else {
            throw KinError(
                "device_online",
                "\(request.device) is there, and would be listed again at once. To put it out of the family:  kin device revoke",
                category: .conflict)
        }
        if let member { try family.withDirectory { try set(nil, for: member, in: &$0) } }
        return named
    }

    private func set(_ alias: DeviceName?, for member: ULID, in directory: inout Directory) throws {
        var aliases = directory.aliases
        try aliases.set(alias, for: member)
        guard aliases != directory.aliases else { return }
        try aliases.write(to: installation.state)
        directory.aliases = aliases
    }

    private func naming(_ member: ULID) -> DeviceNaming {
        DeviceNaming(
            name: family.name(of: member),
            ownName: family.alias(of: member).flatMap { _ in family.ownName(of: member) },
            member: member, machineID: family.sender(member)?.machineID)
    }

    private static func itself(_ advice: String) -> KinError {
        KinError("this_device", "that is this device itself: \(advice)", category: .usage)
    }
}
