import Foundation
import KinEncoding
public import KinIdentity
import KinWebSocket
public import KinWire
public import NIOCore
import NIOHTTP1
public import NIOSSL
import Synchronization

/// A device's control socket at one relay: while it is open, the device's sealed record is shown to its family.
public final class RegistrationLink: WebSocketDelegate {
    private let blob: @Sendable () throws -> [UInt8]
    private let onAttach: @Sendable ([UInt8]) -> Void
    private let connection = Mutex<WebSocketConnection?>(nil)
    private let isReady = Mutex(false)
    private let ended = Mutex<(@Sendable (String) -> Void)?>(nil)

    private init(
        blob: @escaping @Sendable () throws -> [UInt8], onAttach: @escaping @Sendable ([UInt8]) -> Void,
        onEnd: @escaping @Sendable (String) -> Void
    ) {
        self.blob = blob
        self.onAttach = onAttach
        ended.withLock { $0 = onEnd }
    }

    /// Registers at `server` and publishes `blob` once the relay is ready.
    /// - Parameters:
    ///   - route: the name under which the device is looked for: its family's route id, or the wallet's address.
    ///   - onAttach: called on the event loop with the session, 16 bytes, of each link that somebody wants: for `RelayCarrier.answer`. Whoever
    ///     has the relay can make any number of them.
    ///   - onEnd: called once, with the reason, when the socket is gone.
    /// - Throws: `MeshEnd.lost` or `.refused`, with what the relay said; `relay_full`, `too_many_machines` or `rate_limited` where it takes nobody
    ///   more, else `registration_refused`.
    public static func open(
        _ server: ServerAddress, under route: String, machineID: MachineID, keys: DeviceKeys, tls: TLSConfiguration?,
        on eventLoop: any EventLoop, blob: @escaping @Sendable () throws -> [UInt8],
        onAttach: @escaping @Sendable ([UInt8]) -> Void = { _ in },
        onEnd: @escaping @Sendable (String) -> Void
    ) async throws(MeshEnd) -> RegistrationLink {
        let link = RegistrationLink(blob: blob, onAttach: onAttach, onEnd: onEnd)
        let proof = Hex.encode(keys.registrationProof(origin: server.origin))
        do throws(WebSocketError) {
            let connection = try await WebSocketClient.connect(
                to: server.webSocket("/agent/signal?owner_id=\(route)&machine_id=\(machineID)"),
                headers: ["x-kin-registration-secret": proof], tls: tls,
                limits: WebSocketLimits(maxMessageBytes: RelayMessage.maxBytes), deadline: .seconds(10), on: eventLoop,
                delegate: link)
            link.connection.withLock { $0 = connection }
            return link
        } catch {
            guard let refusal = error.refusal else { throw .lost(error.message) }
            let answer = RelayAnswer(refusal.body)
            let code = answer.code.flatMap { Self.busyCodes.contains($0) ? $0 : nil }
            throw .refused(
                code: code ?? "registration_refused",
                message: "\(server) answered \(refusal.status): \(answer.message ?? refusal.body)")
        }
    }

    /// Refusals that are not of this device, but of one more.
    private static let busyCodes = ["relay_full", "too_many_machines", "rate_limited"]

    public func webSocket(_ connection: WebSocketConnection, received message: WebSocketMessage) {
        guard case .text(let text) = message else { return }
        switch try? RelayMessage(json: Array(text.utf8)) {
        case .ready:
            isReady.withLock { $0 = true }
            publish(on: connection)
        case .attach(let session): onAttach(session)
        case .registry, nil: return
        }
    }

    /// Shows the record as it is now.
    public func publish() {
        guard isReady.withLock({ $0 }), let connection = connection.withLock({ $0 }) else { return }
        publish(on: connection)
    }

    public func close(reason: String) {
        connection.withLock { $0 }?.close(code: CloseCode.goingAway.rawValue, reason: reason)
    }

    private func publish(on connection: WebSocketConnection) {
        do {
            let message = RelayMessage.registry(blob: try blob()).canonicalBytes()
            connection.send(.text(String(decoding: message, as: UTF8.self)))
        } catch {
            connection.close(code: CloseCode.goingAway.rawValue, reason: "record_not_sealed")
        }
    }

    public func webSocket(_ connection: WebSocketConnection, closed closure: WebSocketClosure) {
        let end = ended.withLock { end in
            defer { end = nil }
            return end
        }
        end?(closure.reason.isEmpty ? "the relay closed the connection" : closure.reason)
    }
}
