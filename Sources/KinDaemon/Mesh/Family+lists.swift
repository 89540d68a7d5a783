import KinClient
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire

// Devices and members as the API lists them. Who is there is said by one, whatever the list.

extension Family {
    /// The family by its records.
    func devices(new: [MachineID] = [], unreachable: [String] = []) -> DeviceList {
        var list = withDirectory {
            DeviceList($0, me: me.machineID, isRunning: true, new: new, unreachable: unreachable)
        }
        for index in list.devices.indices { note(&list.devices[index], asking: state) }
        return list
    }

    private func note(_ device: inout DeviceInfo, asking state: (ULID) -> DeviceInfo.State) {
        guard !device.thisDevice, let member = device.member.flatMap({ ULID($0) }) else { return }
        let isRegistered = device.online
        device.state = state(member)
        if device.state == .offline, isRegistered, roster.member(member) == nil { device.state = .notMember }
        guard device.state == .offline else { return }
        device.servers = []
        // Who does not want to be seen is not seen to have been there this moment.
        if profile(of: member)?.visible == false { device.lastSeen = nil }
    }

    /// Whether a new device is worth a word: one that the broker does not know may never get in.
    func isToBeAnnounced(_ id: MachineID) -> Bool {
        guard let member = withDirectory({ $0.device(id)?.opened.member?.member }) else { return true }
        return roster.member(member) != nil
    }

    /// The members of the mesh.
    /// - Parameter state: whether one is there.
    func peers(state: (ULID) -> DeviceInfo.State) -> DeviceList {
        DeviceList(
            devices: told.map { member in
                let device = withDirectory { $0.device(member: member.member) }
                var info = DeviceInfo(
                    name: name(of: member.member), machineID: member.machineID.description,
                    member: member.member.description, role: member.role.description, online: true,
                    servers: device?.servers.map(\.authority).sorted() ?? [], lastSeen: device?.lastSeen,
                    version: device?.opened.record.certified?.version, thisDevice: member.machineID == me.machineID)
                if alias(of: member.member) != nil { info.ownName = ownName(of: member.member) }
                note(&info, asking: state)
                let profile = profile(of: member.member)
                info.status = profile?.status
                info.summary = profile?.summary
                return info
            })
    }
}

extension DeviceList {
    /// The directory as the API shows it.
    /// - Parameter isRunning: whether this device's daemon runs, which is then there whatever the relays say.
    public init(
        _ directory: Directory, me: MachineID, isRunning: Bool, new: [MachineID], unreachable: [String]
    ) {
        let named = directory.named()
        self.init(
            devices: named.map { name, device in
                let alias = device.opened.member.flatMap { directory.aliases.name(of: $0.member) }
                var info = DeviceInfo(
                    name: name, machineID: device.opened.machineID.description,
                    member: device.opened.member?.member.description, role: device.opened.member?.role.description,
                    online: device.isOnline || isRunning && device.opened.machineID == me,
                    servers: device.servers.map(\.authority).sorted(),
                    lastSeen: device.lastSeen, version: device.opened.record.certified?.version,
                    thisDevice: device.opened.machineID == me)
                if alias != nil { info.ownName = device.opened.record.name }
                return info
            },
            newNames: named.filter { new.contains($0.device.opened.machineID) }.map(\.name), unreachable: unreachable)
    }
}
