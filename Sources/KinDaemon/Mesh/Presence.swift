import Dispatch
import KinDaemonAPI
import KinEncoding
import KinWire
import Synchronization

/// Who is shown as there, told to listeners as it changes: events leave under the lock of the list, so that the two never disagree.
final class Presence: Sendable {
    private let list = Mutex(PresenceList())
    private let family: Family
    private let events: EventHub
    /// Milliseconds.
    private let now: @Sendable () -> Int64

    init(family: Family, events: EventHub, now: @escaping @Sendable () -> Int64) {
        self.family = family
        self.events = events
        self.now = now
    }

    /// - Parameter body: asks who is there; no event leaves meanwhile.
    func read<T>(_ body: ((ULID) -> DeviceInfo.State) throws -> T) rethrows -> T {
        try list.withLock { try body($0.state) }
    }

    func began() { list.withLock { $0.began() } }

    func listed(_ member: ULID) { list.withLock { $0.listed(member) } }

    func ended(version: Int64) { change { $0.ended(version: version) } }

    func changed(_ member: ULID, isOnline: Bool, version: Int64) {
        change { $0.changed(member, isOnline: isOnline, version: version) }
    }

    func removed(_ member: ULID) { change { $0.removed(member) } }

    func hide(_ member: ULID, _ isHidden: Bool) { change { $0.hide(member, isHidden) } }

    func lost() {
        list.withLock { $0.lost(now: now()) }
        let patience = DispatchTimeInterval.milliseconds(Int(PresenceList.patience))
        DispatchQueue.global().asyncAfter(deadline: .now() + patience) { [weak self] in
            guard let self else { return }
            change { $0.passed(now: self.now()) }
        }
    }

    private func change(_ body: (inout PresenceList) -> [PresenceList.Change]) {
        list.withLock { list in
            for change in body(&list) {
                let data: [String: JSON] = [
                    "member": .string(change.member.description), "name": .string(family.name(of: change.member)),
                ]
                events.publish(DaemonEvent(kind: change.isOnline ? .peerJoin : .peerLeave, data: .object(data)))
            }
        }
    }
}
