import KinTesting
import Testing

@testable import KinRelay

@Suite struct ConnectionDoorTests {
    @Test("an address has 512 connections open, another /64 has its own; who leaves makes room")
    func open() {
        let door = Door()
        for turn in 0..<512 { #expect(door.enter("2001:db8:1:1::\(turn % 9)", at: Int64(turn) * 50) == .open) }
        #expect(door.enter("2001:db8:1:1::77", at: 60_000) == .full)
        #expect(door.enter("2001:db8:1:2::77", at: 60_000) == .open)
        door.leave("2001:db8:1:1::3")
        #expect(door.enter("2001:db8:1:1::77", at: 60_000) == .open)
        #expect(door.enter("2001:db8:1:1::77", at: 60_000) == .full)
    }

    @Test("beyond 20 a second 20 more are told so, and count while they are there; the rest is closed")
    func rate() {
        let door = Door()
        let answers = (0..<60).map { _ in door.enter("192.0.2.1", at: 0) }
        #expect(answers.prefix(20).allSatisfy { $0 == .open })
        #expect(answers[20..<40].allSatisfy { $0 == .tooFast })
        #expect(answers.suffix(20).allSatisfy { $0 == .full })
        #expect(door.count == 40)
        #expect(door.enter("192.0.2.2", at: 0) == .open)
        #expect(door.enter("192.0.2.1", at: 1_000) == .open)
    }

    @Test("all together have as many as the server may open; one address takes a quarter of that at most")
    func all() {
        let door = Door {
            $0.connections = 40
        }
        for turn in 0..<12 { #expect(door.enter("192.0.2.1", at: 0) == (turn < 10 ? .open : .full)) }
        for other in 2..<5 {
            for _ in 0..<10 { #expect(door.enter("192.0.2.\(other)", at: 0) == .open) }
        }
        #expect(door.enter("192.0.2.9", at: 0) == .full && door.enter("127.0.0.1", at: 0) == .full)
        door.leave("192.0.2.1")
        #expect(door.enter("127.0.0.1", at: 0) == .open)
    }

    @Test("this machine is limited by neither", arguments: ["127.0.0.1", "::1"])
    func loopback(address: String) {
        let door = Door()
        for _ in 0..<2_000 { #expect(door.enter(address, at: 0) == .open) }
    }

    @Test("an address without connections is forgotten")
    func forgotten() {
        let door = Door()
        for host in 0..<200 { _ = door.enter("192.0.2.\(host)", at: 0) }
        for host in 0..<200 { door.leave("192.0.2.\(host)") }
        #expect(door.count == 0 && door.trackedAddresses == 0)
    }
}

/// A door by reference.
private final class Door {
    private var door: ConnectionDoor

    init(_ change: (inout RelayLimits) -> Void = { _ in }) {
        var limits = RelayLimits()
        change(&limits)
        door = ConnectionDoor(limits: limits)
    }

    var count: Int { door.count }
    var trackedAddresses: Int { door.trackedAddresses }

    func enter(_ address: String, at now: Int64) -> ConnectionDoor.Answer { door.enter(address, now: now) }
    func leave(_ address: String) { door.leave(address) }
}
