import ArgumentParser
import KinRelay

/// Bounds of a server that its keeper may set; the others are for who embeds it (`ServerConfiguration`).
struct RelayOptions: ParsableArguments {
    @Option(help: ArgumentHelp("What the relay may keep, 512 unless said.", valueName: "MiB"))
    var relayMemory: Int?

    @Option(
        help: ArgumentHelp(
            "Devices of one family, 256 unless said; a quarter of them from one address.", valueName: "n"))
    var machinesPerRoute: Int?

    @Option(help: ArgumentHelp("Links to one device, 128 unless said.", valueName: "n"))
    var linksPerDevice: Int?

    @Option(help: ArgumentHelp("Open connections of one address, 512 unless said.", valueName: "n"))
    var connectionsPerAddress: Int?

    @Option(help: ArgumentHelp("New connections a second of one address, 20 unless said.", valueName: "n"))
    var connectionsPerSecond: Int?

    func validate() throws {
        guard (16...1 << 20).contains(relayMemory ?? 16) else {
            throw ValidationError("--relay-memory is a number of MiB from 16 to 1048576")
        }
        // Readers take 1024 entries of a family, and as many as this come back when strangers have taken its slots.
        guard (1...512).contains(machinesPerRoute ?? 1) else {
            throw ValidationError("--machines-per-route is a number from 1 to 512")
        }
        for (name, value) in [
            ("links-per-device", linksPerDevice), ("connections-per-address", connectionsPerAddress),
            ("connections-per-second", connectionsPerSecond),
        ] where !(1...65_536).contains(value ?? 1) {
            throw ValidationError("--\(name) is a number from 1 to 65536")
        }
    }

    var limits: RelayLimits {
        var limits = RelayLimits()
        if let relayMemory { limits.memoryBytes = relayMemory << 20 }
        if let machinesPerRoute {
            limits.machinesPerRoute = machinesPerRoute
            limits.machinesPerRouteAndAddress = max(1, machinesPerRoute / 4)
        }
        if let linksPerDevice { limits.linksPerDevice = linksPerDevice }
        if let connectionsPerAddress { limits.connectionsPerAddress = connectionsPerAddress }
        if let connectionsPerSecond { limits.connectionsPerSecondPerAddress = connectionsPerSecond }
        return limits
    }
}
