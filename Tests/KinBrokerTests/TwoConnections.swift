import KinTesting
import KinWire
import Testing

@testable import KinBroker

/// What the suites of two connections of one member share: a broker, the device they are of, and another member that looks on.
protocol TwoConnections {
    var bench: BrokerBench { get }
    var witness: TestDaemon { get }
    var device: TestDevice { get }
}

extension TwoConnections {
    func send(_ ids: String..., from daemon: TestDaemon? = nil) async throws {
        let daemon = daemon ?? witness
        for id in ids {
            daemon.receive([try daemon.send(id, to: device.member, seq: Int64(id.dropFirst()) ?? 1)])
            _ = try await daemon.ack(of: id)
        }
    }

    /// The witness knows of the device, and has nothing else to hear.
    func heardOfIt() async throws {
        _ = try await witness.sink.take("member_joined") { $0.message.type == "member_joined" ? () : nil }
        witness.sink.clear()
    }

    func outcomes(_ count: Int) async throws -> [ConcurrentConnection.Outcome] {
        let events = try await bench.concurrent.wait { $0.count >= count }
        #expect(events.allSatisfy { $0.member == MeshMember(mesh: bench.family.mesh, member: device.member) })
        return events.map(\.outcome)
    }

    /// What waits for the device once everybody has gone and the server was started again.
    func waiting() async throws -> [String] {
        let bench = try bench.restarted()
        let (daemon, sender) = try await (bench.join(device), bench.join(witness.device))
        sender.receive([try sender.send("end", to: device.member, seq: 99)])
        var ids: [String] = []
        while ids.last != "end" { ids.append(try await daemon.push().id) }
        return ids.dropLast()
    }
}
