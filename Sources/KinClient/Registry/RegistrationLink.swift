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
    private let connection = Mutex<WebSocketConnection?>(nil)
    private let isReady = Mutex(false)
    private let ended = Mutex<(@Sendable (String) -> Void)?>(nil)

    private init(
        blob: @escaping @Sendable () throws -> [UInt8], onEnd: @escaping @Sendable (String) -> Void
    ) {
        self.blob = blob
        ended.withLock { $0 = onEnd }
    }

    /// Registers at `server` and publishes `blob` once the relay is ready.
    /// - Parameter onEnd: called once, with the reason, when the socket is gone.
    /// - Throws: `MeshEnd.lost` or `.refused`, with what the relay said.
    public static func open(
        _ server: ServerAddress, wallet: WalletFile, machineID: MachineID, keys: DeviceKeys, tls: TLSConfiguration?,
        on eventLoop: any EventLoop, blob: @escaping @Sendable () throws -> [UInt8],
        onEnd: @escaping @Sendable (String) -> Void
    ) async throws(MeshEnd) -> RegistrationLink {
        let link = RegistrationLink(blob: blob, onEnd: onEnd)
        let proof = Hex.encode(keys.registrationProof(origin: server.origin))
        do throws(WebSocketError) {
            let connection = try await WebSocketClient.connect(
                to: server.webSocket("/agent/signal?owner_id=\(wallet.routeID)&machine_id=\(machineID)"),
                headers: ["x-kin-registration-secret": proof], tls: tls,
                limits: WebSocketLimits(maxMessageBytes: RelayMessage.maxBytes), deadline: .seconds(10), on: eventLoop,
                delegate: link)
            link.connection.withLock { $0 = connection }
            return link
        } catch {
            guard let refusal = error.refusal else { throw .lost(error.message) }
            throw .refused(
                code: "registration_refused",
                message: "\(server) answered \(refusal.status): \(Self.message(in: refusal.body) ?? refusal.body)")
        }
    }

    /// What a kin server says in its error form.
    private static func message(in body: String) -> String? {
        guard case .object(let answer)? = try? JSON.parse(Array(body.utf8)), case .object(let error)? = answer["error"],
            case .string(let message)? = error["message"]
        else { return nil }
        return message
    }

    public func webSocket(_ connection: WebSocketConnection, received message: WebSocketMessage) {
        guard case .text(let text) = message, case .ready? = try? RelayMessage(json: Array(text.utf8)) else { return }
        isReady.withLock { $0 = true }
        publish(on: connection)
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
