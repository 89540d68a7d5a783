import Foundation
import KinDaemon
import KinDaemonAPI
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import Testing

@Suite struct SettingsInUseTests {
    @Test("name and servers are kept for the next start, and what is told wins over what is kept")
    func kept() async throws {
        try await House.run { house in
            let first = try await house.start("laptop")
            try await first.stop()
            let state = first.state
            let bare = DaemonOptions(state: state, executable: "/nonexistent")
            let second = try await house.start(bare)
            #expect(second.version.name.description == "laptop")
            try await second.isConnected()
            #expect(try await second.client.health().broker.address == house.server.url)
            try await second.stop()
            let third = try await house.start("renamed", home: "laptop")
            try await third.sees(["renamed"])
            #expect(try DaemonSettings(reading: state).name == DeviceName("renamed"))
        }
    }

    @Test("a bad config.toml or server address ends the start with what is wrong, and releases the home")
    func refused() async throws {
        try await House.run { house in
            let state = try await house.home("laptop")
            try Data("colour = 1\n".utf8).write(to: URL(fileURLWithPath: state.configPath))
            let config = await #expect(throws: KinError.self) { _ = try await house.start("laptop") }
            #expect(config?.code == "config_invalid" && config?.message.contains("line 1") == true)
            try FileManager.default.removeItem(atPath: state.configPath)
            let server = await #expect(throws: KinError.self) {
                _ = try await house.start("laptop", servers: ["http://kin.example.org"])
            }
            #expect(server?.code == "server_insecure")
            #expect(try DaemonSettings(reading: state) == DaemonSettings())
            _ = try await house.start("laptop")
        }
    }

    @Test("a device is registered at every server, and the first is the broker")
    func severalServers() async throws {
        try await House.run { house in
            try await TestServer.run { second in
                let laptop = try await house.start("laptop", servers: [house.server.url, second.url])
                try await eventually("it is shown at both") {
                    try await laptop.client.devices().devices.first?.servers.count == 2
                }
                let health = try await laptop.client.health()
                #expect(health.relays.map(\.address) == [house.server.url, second.url])
                #expect(health.relays.allSatisfy { $0.connected } && health.broker.address == house.server.url)
                try await laptop.stop()
            }
        }
    }
}
