import ArgumentParser
import KinRelay
import Testing

@testable import KinCommands

@Suite("Limits of kin serve") struct ServeOptionsTests {
    @Test("what is not said is as the protocol has it")
    func standard() throws {
        #expect(try ServeCommand.parse([]).relay.limits == RelayLimits())
    }

    @Test("what is said is what the relay gets")
    func said() throws {
        let words = [
            "--relay-memory", "64", "--machines-per-route", "20", "--links-per-device", "9",
            "--connections-per-address",
            "30", "--connections-per-second", "5",
        ]
        var limits = RelayLimits()
        limits.memoryBytes = 64 << 20
        (limits.machinesPerRoute, limits.machinesPerRouteAndAddress) = (20, 5)
        (limits.linksPerDevice, limits.connectionsPerAddress) = (9, 30)
        limits.connectionsPerSecondPerAddress = 5
        #expect(try ServeCommand.parse(["--relay-only"] + words).relay.limits == limits)
    }

    @Test(
        "what cannot be is refused",
        arguments: [
            ["--relay-memory", "15"], ["--machines-per-route", "513"], ["--machines-per-route", "0"],
            ["--links-per-device", "0"], ["--connections-per-address", "0"], ["--connections-per-second", "65537"],
        ])
    func refused(words: [String]) {
        #expect(throws: (any Error).self) { try ServeCommand.parse(words) }
    }
}
