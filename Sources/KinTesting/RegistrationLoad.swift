import KinEncoding
import KinWebSocket
import KinWire
import NIOCore
import NIOPosix

/// A load of devices, each with one control socket that it opens again whenever it is lost, with the pauses of `kin up`.
public final class RegistrationLoad: Sendable {
    /// Devices under one route id.
    static let perRoute = 250

    private let port: Int
    private let devices: Int
    /// Of each record, sealed: about what a device's takes.
    public let blobBytes = 1_200
    /// Registered now.
    public let registered = Observed(Set<Int>())

    public init(port: Int, devices: Int) {
        self.port = port
        self.devices = devices
    }

    /// Their route ids.
    public var routes: [String] { (0...(devices - 1) / Self.perRoute).map(Self.route) }

    /// Keeps all of them registered until cancelled.
    public func run() async {
        await withTaskGroup { group in
            for device in 0..<devices { group.addTask { await self.keep(device) } }
        }
    }

    private static func route(_ number: Int) -> String {
        Base58.encode([UInt8](repeating: UInt8(truncatingIfNeeded: number + 1), count: 32))
    }

    private func keep(_ device: Int) async {
        var pause = Duration.milliseconds(250)
        while !Task.isCancelled {
            let delegate = RecordingDelegate { connection, _ in
                let message = RelayMessage.registry(blob: [UInt8](repeating: 7, count: self.blobBytes)).canonicalBytes()
                connection.send(.text(String(decoding: message, as: UTF8.self)))
                self.registered.update { $0.insert(device) }
            }
            if let connection = try? await dial(device, delegate) {
                let closing = connection.closeFuture
                await withTaskCancellationHandler {
                    try? await closing.get()
                } onCancel: {
                    connection.close(reason: "the load is over")
                }
                registered.update { $0.remove(device) }
                pause = .milliseconds(250)
            }
            try? await Task.sleep(for: pause * Double.random(in: 1...1.25))
            pause = min(pause * 2, .seconds(2))
        }
    }

    private func dial(_ device: Int, _ delegate: RecordingDelegate) async throws -> WebSocketConnection {
        let digits = String(device, radix: 16)
        let machine = String(repeating: "0", count: 16 - digits.count) + digits
        return try await WebSocketClient.connect(
            to:
                "ws://127.0.0.1:\(port)/agent/signal?owner_id=\(Self.route(device / Self.perRoute))&machine_id=\(machine)",
            headers: ["x-kin-registration-secret": String(repeating: "a", count: 64)],
            limits: .init(maxMessageBytes: 1 << 18), on: MultiThreadedEventLoopGroup.singleton.next(),
            delegate: delegate)
    }
}
