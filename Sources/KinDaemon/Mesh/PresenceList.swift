import KinDaemonAPI
import KinEncoding

/// Who is shown as there: a pure state machine over what the broker tells, with time passed in (milliseconds).
///
/// Every call returns what it changes, so that whoever follows the changes knows the list.
struct PresenceList {
    struct Change: Hashable {
        var member: ULID
        var isOnline: Bool
    }

    /// How long those are shown that were there when the connection was lost.
    static let patience: Int64 = 60_000

    /// As the broker told last.
    private var connected: Set<ULID> = []
    /// Of a list that is being told.
    private var listing: Set<ULID>?
    private var version: Int64 = 0
    /// Those that do not want to be seen.
    private var hidden: Set<ULID> = []
    private var lostAt: Int64?
    /// Whether the broker tells who is there now.
    private var isTold = false

    /// Who was shown when the connection was lost may have left since.
    func state(of member: ULID) -> DeviceInfo.State {
        isTold ? shown.contains(member) ? .online : .offline : .unknown
    }

    var shown: Set<ULID> { connected.subtracting(hidden) }

    /// A session begins: the list comes.
    mutating func began() { listing = [] }

    /// A member of the list that is there.
    mutating func listed(_ member: ULID) { listing?.insert(member) }

    /// The list was told; later changes have higher versions.
    mutating func ended(version: Int64) -> [Change] {
        changing { list in
            list.connected = list.listing ?? list.connected
            (list.listing, list.version, list.lostAt, list.isTold) = (nil, version, nil, true)
        }
    }

    /// A member came or went. A change that the list holds already is passed over.
    mutating func changed(_ member: ULID, isOnline: Bool, version: Int64) -> [Change] {
        guard listing == nil, version > self.version else { return [] }
        return changing { list in
            list.version = version
            if isOnline { list.connected.insert(member) } else { list.connected.remove(member) }
        }
    }

    /// A member is none any more.
    mutating func removed(_ member: ULID) -> [Change] {
        listing?.remove(member)
        return changing { $0.connected.remove(member) }
    }

    mutating func hide(_ member: ULID, _ isHidden: Bool) -> [Change] {
        changing { list in
            if isHidden { list.hidden.insert(member) } else { list.hidden.remove(member) }
        }
    }

    /// The connection is gone.
    mutating func lost(now: Int64) {
        (listing, isTold) = (nil, false)
        lostAt = lostAt ?? now
    }

    /// Nobody is known to be there any more, once that is long enough ago.
    mutating func passed(now: Int64) -> [Change] {
        guard let lostAt, now - lostAt >= Self.patience else { return [] }
        return changing { $0.connected = [] }
    }

    private mutating func changing(_ body: (inout PresenceList) -> Void) -> [Change] {
        let before = shown
        body(&self)
        let after = shown
        let left = before.subtracting(after).map { Change(member: $0, isOnline: false) }
        let came = after.subtracting(before).map { Change(member: $0, isOnline: true) }
        return (left + came).sorted { $0.member.description < $1.member.description }
    }
}
