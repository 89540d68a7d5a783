import Foundation
import KinCalls
import KinClient
import KinIdentity
import KinLink
import KinTesting
import KinWire
import NIOPosix
import Synchronization

/// Two devices of this process with a link between them, through a relay that is a process of its own.
struct BenchLink {
    /// Frames from the device that called, and to it.
    let near: Side
    let far: Side
    private let registration: RegistrationLink
    /// For as long as the link is to live.
    private let relay: RelayProcess

    /// One end: what it sends, and how it is told what comes.
    final class Side: Sendable {
        let queue = FrameQueue()
        private let count = Mutex(0)
        private let changes = Wakeups()
        /// What it says to each frame, if anything.
        let answer: @Sendable ([UInt8]) -> [UInt8]?

        init(answer: @escaping @Sendable ([UInt8]) -> [UInt8]? = { _ in nil }) { self.answer = answer }

        /// Until so many frames have come.
        func came(_ frames: Int) async throws {
            let deadline = ContinuousClock.now + .seconds(60)
            while true {
                let seen = changes.count
                if count.withLock({ $0 >= frames }) { return }
                guard ContinuousClock.now < deadline else { throw BenchError("the link stands still") }
                await changes.wait(after: seen)
            }
        }

        fileprivate func carry(_ connection: consuming LinkConnection, over carrier: RelayCarrier) throws {
            let link = CarriedLink(try Link(connection), sending: queue, now: milliseconds) { frame in self.take(frame)
            }
            Task { _ = await link.run(over: carrier) }
        }

        private func take(_ frame: [UInt8]) {
            count.withLock { $0 += 1 }
            changes.wake()
            guard let answer = answer(frame) else { return }
            Task { try? await queue.send(answer) }
        }
    }

    /// - Parameter answer: what the called device says to each frame.
    init(through relay: RelayProcess, answer: @escaping @Sendable ([UInt8]) -> [UInt8]?) async throws {
        self.relay = relay
        let family = try TestFamily(now: milliseconds())
        let (caller, called) = (try await family.device(), try await family.device())
        let revocations = RevocationLedger(mesh: family.mesh)
        func credentials(_ device: TestDevice) -> LinkCredentials {
            LinkCredentials(chain: device.chain, key: device.keys.sealing, revocations: revocations) { _ in nil }
        }
        let server = try ServerAddress("http://127.0.0.1:\(relay.port)")
        let loops = MultiThreadedEventLoopGroup.singleton
        let (far, sessions) = (Side(answer: answer), Observed([[UInt8]]()))
        registration = try await RegistrationLink.open(
            server, under: family.wallet.file.routeID, machineID: called.machineID, keys: called.keys, tls: nil,
            on: loops.next(), blob: { [7] }, onAttach: { session in sessions.update { $0.append(session) } },
            onEnd: { _ in })
        let carrier = try await Self.dial(called.machineID, family, .init(server, tls: nil, on: loops.next()))
        var calling = try LinkInitiator(as: credentials(caller), to: called.verified(now: milliseconds()))
        try await carrier.send(calling.open(now: milliseconds()))
        let session = try await sessions.wait(within: .seconds(20)) { !$0.isEmpty }[0]
        let answering = try await RelayCarrier.answer(session, by: .init(server, tls: nil, on: loops.next()))
        var responder = LinkResponder(as: credentials(called))
        _ = try responder.read(await answering.receive(), now: milliseconds())
        try await answering.send(
            responder.answer(link: LinkID([UInt8](repeating: 1, count: 16)).orThrow("link"), now: milliseconds()))
        near = Side()
        try near.carry(calling.finish(await carrier.receive(), now: milliseconds()), over: carrier)
        try far.carry(responder.confirm(await answering.receive()), over: answering)
        self.far = far
    }

    func close() {
        near.queue.finish(.linkOver)
        registration.close(reason: "measured")
    }

    /// The relay knows the device a moment after its registration.
    private static func dial(
        _ machine: MachineID, _ family: TestFamily, _ route: RelayCarrier.Route
    ) async throws -> RelayCarrier {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            do { return try await RelayCarrier.dial(machine, of: family.wallet.file.routeID, by: route) } catch {
                guard ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}

extension CallFault {
    fileprivate static let linkOver = CallFault(.unavailable, "measured")
}

/// Of the wall clock.
@Sendable func milliseconds() -> Int64 { Int64(Date.now.timeIntervalSince1970 * 1000) }
