import Foundation
import KinTesting

/// The relay alone, as a process.
struct RelayMeasurements {
    let kin: String
    var devices = 1_000

    func printRows() async throws {
        let port = Int.random(in: 21_000..<60_000)
        var relay = try start(port)
        let load = RegistrationLoad(port: port, devices: devices)
        let keeping = Task { await load.run() }
        defer {
            keeping.cancel()
            relay.terminate()
            relay.waitUntilExit()
        }
        try await load.registered.wait(within: .seconds(120)) { $0.count == devices }
        kill(relay.processIdentifier, SIGKILL)
        relay.waitUntilExit()
        try await load.registered.wait(within: .seconds(120)) { $0.isEmpty }
        relay = try start(port)
        let began = monotonicSeconds()
        try await load.registered.wait(within: .seconds(120)) { $0.count == devices }
        let seconds = monotonicSeconds() - began
        Table.line(
            "\(devices) devices registered again after the relay was killed and started",
            perSecond: Double(devices) / seconds,
            String(format: "%.1f s, the pauses of `kin up` included", seconds))
    }

    private func start(_ port: Int) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: kin)
        process.arguments = ["serve", "--relay-only", "--listen", "127.0.0.1:\(port)"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }
}
