import KinDaemon
import KinDaemonAPI
import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import Testing

/// Who is shown as there, with real daemons and a real server.
@Suite struct PresenceTests {
    @Test(
        "whoever follows the events knows the list, while devices come and go and the server is started again",
        arguments: [1, 2])
    func followed(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        try await House.run { house in
            let witness = try await house.start("witness")
            try await witness.isConnected()
            let follower = Follower(try await witness.client.events())
            var others: [String: TestDaemon] = [:]
            for _ in 0..<8 {
                let name = ["aaa", "bbb", "ccc"][Int.random(in: 0..<3, using: &random)]
                if Int.random(in: 0..<4, using: &random) == 0 {
                    try await house.server.stop()
                    try await house.server.start()
                    for daemon in [witness] + others.values { try await daemon.isConnected() }
                } else if let daemon = others.removeValue(forKey: name) {
                    try await daemon.stop()
                } else {
                    others[name] = try await house.start(name)
                }
                let expected = Set(others.values.map(\.version.member.description))
                try await eventually("list and events say that \(others.keys.sorted()) are there") {
                    let listed = try await witness.client.peers().devices.filter { $0.online && !$0.thisDevice }
                    return Set(listed.compactMap(\.member)) == expected && follower.there.value == expected
                }
            }
        }
    }

    @Test("who wants to be unseen is not shown, says what it does to the others, and by its name is written to")
    func profiles() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let (laptop, studio) = (daemons[0], daemons[1])
            for daemon in daemons { try await daemon.isConnected() }
            let follower = Follower(try await laptop.client.events())
            let said = try await studio.client.set(ProfileChange(summary: "reviewing", status: .working))
            #expect(said.profile.summary == "reviewing" && said.profile.name == studio.version.name)
            func seen() async throws -> DeviceInfo? {
                try await laptop.client.peers().devices.first { $0.member == studio.version.member.description }
            }
            try await eventually("the laptop knows what the studio does") {
                let peer = try await seen()
                return peer?.summary == "reviewing" && peer?.status == .working && peer?.online == true
            }
            _ = try await studio.client.set(ProfileChange(summary: "", visible: false))
            try await eventually("the studio is not shown") {
                let peer = try await seen()
                return peer?.online == false && peer?.summary == nil
            }
            // Hidden is hidden wherever it is asked.
            let (id, topics) = (studio.version.member.description, try await laptop.client.members(of: .everybody))
            #expect(topics.members.first { $0.member == id }?.state == .offline)
            #expect(try await laptop.client.members().members.first { $0.member == id }?.state == .offline)
            let device = try await laptop.client.devices().devices.first { $0.member == id }
            #expect(device?.state == .offline && device?.servers == [] && device?.lastSeen == nil)
            #expect(!follower.there.value.contains(studio.version.member.description))
            _ = try await laptop.send("still reached", to: "studio")
            #expect(try await studio.bodies(1) == ["still reached"])
            // It holds over a start of the others.
            try await laptop.stop()
            let back = try await house.start("laptop")
            try await back.isConnected()
            try await eventually("it is known, and not shown") {
                let peer = try await back.client.peers().devices.first { $0.member == id }
                return peer?.state == .offline && peer?.status == .working
            }
        }
    }
}

extension PresenceTests {
    @Test("with the server away nobody is said to be there or not, in any list; this device is")
    func away() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let (laptop, studio) = (daemons[0], daemons[1])
            let id = studio.version.member.description
            for daemon in daemons { try await daemon.isConnected() }
            try await eventually("all lists say that it is there") { () async throws -> Bool in
                let peer = try await laptop.client.peers().devices.first { $0.member == id }
                let device = try await laptop.client.devices().devices.first { $0.member == id }
                let member = try await laptop.client.members().members.first { $0.member == id }
                return [peer?.state, device?.state, member?.state] == [.online, .online, .online]
            }
            try await house.server.stop()
            try await eventually("the laptop knows") { try await !laptop.client.health().broker.connected }
            for list in [try await laptop.client.peers(), try await laptop.client.devices()] {
                #expect(list.devices.first { $0.member == id }?.state == .unknown)
                #expect(list.devices.first { $0.thisDevice }?.state == .online)
            }
            #expect(try await laptop.client.members().members.first { $0.member == id }?.state == .unknown)
        }
    }
}

/// Follows `peer_join` and `peer_leave` from a beginning where nobody was there.
private final class Follower: Sendable {
    let there = Observed<Set<String>>([])
    private let task: Task<Void, any Error>

    init(_ events: AsyncThrowingStream<DaemonEvent, any Error>) {
        let there = there
        task = Task {
            for try await event in events where event.kind == .peerJoin || event.kind == .peerLeave {
                guard case .object(let data) = event.data, case .string(let member)? = data["member"] else { continue }
                there.update { there in
                    if event.kind == .peerJoin { there.insert(member) } else { there.remove(member) }
                }
            }
        }
    }

    deinit { task.cancel() }
}
