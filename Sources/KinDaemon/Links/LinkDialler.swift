import KinClient
import KinCrypto
import KinEncoding
import KinIdentity
import KinLink
import KinWire
import NIOCore
import NIOSSL

/// Opens connections to devices of the mesh through relays, and proves on each who is there.
struct LinkDialler: Sendable {
    /// In the order they are tried.
    let servers: [ServerAddress]
    let routeID: String
    let tls: TLSConfiguration
    let eventLoop: any EventLoop
    let credentials: @Sendable () -> LinkCredentials
    /// Where a device shows itself now.
    let shown: @Sendable (MachineID) -> Set<ServerAddress>
    /// Milliseconds.
    let now: @Sendable () -> Int64

    /// Within which the other device says its part of a handshake.
    static let patience = Duration.seconds(10)

    /// Asks at one relay after another, first at those that show the device.
    /// - Parameter resumption: of the link to continue.
    /// - Throws: `LinkFault` where the device itself says no, or is not the one that was called; else what the last relay said, a `LinkEnd`.
    func dial(
        _ target: VerifiedMember, continuing resumption: LinkResumption? = nil
    ) async throws -> DialledLink {
        let shown = shown(target.machineID)
        let ordered = servers.filter(shown.contains) + servers.filter { !shown.contains($0) }
        var last: any Error = LinkEnd(.deviceOffline)
        for server in ordered {
            do {
                return try await dial(target, at: server, continuing: resumption)
            } catch let fault as LinkFault where fault.isDecided {
                throw fault
            } catch {
                try Task.checkCancellation()
                // That it is not at a relay where it never was says less than why the others failed.
                if (last as? LinkEnd)?.cause == .deviceOffline { last = error }
            }
        }
        throw last
    }

    private func dial(
        _ target: VerifiedMember, at server: ServerAddress, continuing resumption: LinkResumption?
    ) async throws -> DialledLink {
        let route = RelayCarrier.Route(server, tls: tls, on: eventLoop)
        let carrier = try await RelayCarrier.dial(target.machineID, of: routeID, by: route)
        do {
            var calling = try LinkInitiator(as: credentials(), to: target, continuing: resumption)
            try await carrier.send(calling.open(now: now()))
            let answer = try await carrier.receive(within: Self.patience)
            return DialledLink(carrier: carrier, connection: try calling.finish(answer, now: now()))
        } catch {
            carrier.close(reason: (error as? LinkFault)?.code ?? "gave_up")
            throw error
        }
    }
}

/// A carrier, and what was agreed on it.
struct DialledLink: ~Copyable, Sendable {
    let carrier: RelayCarrier
    let connection: LinkConnection
}

extension LinkFault {
    /// Whether no other relay, nor another attempt, changes it: the two devices themselves disagree.
    var isDecided: Bool {
        if case .refused = self { true } else { isTold }
    }
}

extension KinError {
    /// Why a device cannot be reached.
    /// - Parameter name: what the user calls it.
    init(reaching name: String, _ error: any Error) {
        switch error {
        case let fault as LinkFault:
            self.init(fault)
        case let end as LinkEnd:
            let isThere = ![.deviceOffline].contains(end.cause)
            self.init(
                isThere ? end.cause.rawValue : "device_offline",
                isThere ? "\(name): \(end.message)" : "\(name) is offline: start  kin up  there, then try again",
                category: .unreachable, retryable: end.isRetryable || !isThere)
        case let error as KinError: self = error
        default: self.init("link_failed", "\(name) could not be reached: try again", category: .unreachable)
        }
    }
}
