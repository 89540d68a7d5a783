import KinEncoding
import KinTesting
import Testing

@testable import KinDaemon

/// The list of who is there, and the changes it tells.
@Suite struct PresenceListTests {
    private let members = (1...6).map { ULID(milliseconds: Int64($0), randomness: [UInt8](repeating: 1, count: 10)) }

    @Test(
        "whoever follows the changes knows the list, whatever comes and goes, is lost and told again",
        arguments: 0..<200)
    func neverDisagrees(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var list = PresenceList()
        var followed: Set<ULID> = []
        var (truth, version, now, isConnected) = (Set<ULID>(), Int64(0), Int64(0), false)
        for _ in 0..<100 {
            var changes: [PresenceList.Change] = []
            let member = members[Int.random(in: 0..<members.count, using: &random)]
            switch Int.random(in: 0..<8, using: &random) {
            case 0:
                // A session begins; the server may have been started anew, and counts from the beginning.
                if Bool.random(using: &random) { version = 0 }
                list.began()
                for member in truth { list.listed(member) }
                changes = list.ended(version: version)
                isConnected = true
            case 1:
                list.lost(now: now)
                isConnected = false
            case 2:
                now += Int64.random(in: 0...90_000, using: &random)
                changes = isConnected ? [] : list.passed(now: now)
            case 3: changes = list.hide(member, Bool.random(using: &random))
            case 4:
                if isConnected {
                    truth.remove(member)
                    changes = list.removed(member)
                }
            default:
                let isOnline = Bool.random(using: &random)
                if isOnline { truth.insert(member) } else { truth.remove(member) }
                version += 1
                if isConnected { changes = list.changed(member, isOnline: isOnline, version: version) }
            }
            for change in changes {
                #expect(followed.contains(change.member) != change.isOnline, "a change changes something")
                if change.isOnline { followed.insert(change.member) } else { followed.remove(change.member) }
            }
            #expect(followed == list.shown)
        }
        list.began()
        for member in truth { list.listed(member) }
        _ = list.ended(version: version)
        #expect(list.shown.isSubset(of: truth))
    }

    @Test(
        "a change that the list holds already is passed over; a session that breaks off while it tells its list changes nothing"
    )
    func versions() {
        var list = PresenceList()
        list.began()
        list.listed(members[0])
        #expect(list.state(of: members[0]) == .unknown, "the list is not told to its end")
        #expect(list.ended(version: 5) == [.init(member: members[0], isOnline: true)])
        #expect(list.changed(members[1], isOnline: true, version: 5).isEmpty)
        #expect(list.changed(members[1], isOnline: true, version: 6).count == 1)
        list.lost(now: 0)
        list.began()
        list.lost(now: 10)
        #expect(list.shown == [members[0], members[1]])
    }

    @Test(
        "without a connection those that were there are shown for a minute more, and a short interruption tells nobody anything"
    )
    func patience() {
        var list = PresenceList()
        list.began()
        list.listed(members[0])
        _ = list.ended(version: 1)
        #expect(list.state(of: members[0]) == .online && list.state(of: members[1]) == .offline)
        list.lost(now: 1_000)
        // Nobody is told that they left; but who asks hears that it is not known.
        #expect(list.state(of: members[0]) == .unknown)
        #expect(list.passed(now: 60_999).isEmpty && list.shown == [members[0]])
        list.began()
        list.listed(members[0])
        #expect(list.ended(version: 0).isEmpty)
        list.lost(now: 70_000)
        #expect(list.passed(now: 130_000) == [.init(member: members[0], isOnline: false)])
        #expect(list.shown.isEmpty)
    }
}
