import KinDaemonAPI
import KinEncoding
import KinWire

/// What `kin status` says: five lines, and one more each while a server keeps revocations back and while a new wallet takes over.
struct StatusReport {
    let version: DaemonVersion
    let health: DaemonHealth
    /// Milliseconds.
    let now: Int64

    var facts: [Drawing.Fact] { [device, broker, relays, outbox, inbox] + server + succession }

    private var server: [Drawing.Fact] {
        guard health.inbound["revocations_withheld", default: 0] > 0 else { return [] }
        let advice = "keeps back revocations that members know: use another with  kin up --server"
        return [.init(name: "server", value: "\(health.broker.address) \(advice)", tone: .bad)]
    }

    private var succession: [Drawing.Fact] {
        health.succession.map { [.init(name: "wallet", value: $0, tone: .bad)] } ?? []
    }

    static func factsWhenDown(wallet: WalletAddress, revokedBy entry: Revocation? = nil) -> [Drawing.Fact] {
        let reason = entry.map { $0.reason.isEmpty ? "" : " (\($0.reason))" }
        return [
            .init(
                name: "device",
                value: reason.map { "revoked\($0): it belongs to the family no more" }
                    ?? "not running: start it with  kin up", tone: .bad),
            .init(name: "wallet", value: wallet.description),
        ]
    }

    var json: JSON {
        .object(["running": .bool(true), "version": version.json, "health": health.json])
    }

    private var device: Drawing.Fact {
        .init(
            name: "device", value: "\(version.name) is up in \(version.mesh), kin \(version.daemonVersion)", tone: .good
        )
    }

    private var broker: Drawing.Fact {
        let server = health.broker
        let span = Moments.span(now - server.since)
        guard !server.connected else { return .init(name: "broker", value: "\(server.address) connected for \(span)") }
        let reason = server.lastError.map { ": \($0)" } ?? ""
        return .init(
            name: "broker",
            value: "\(server.address) not connected for \(span)\(reason); messages wait here and go out by themselves",
            tone: .bad)
    }

    private var relays: Drawing.Fact {
        let lost = health.relays.filter { !$0.connected }
        let count = health.relays.count
        guard !lost.isEmpty else { return .init(name: "relays", value: "\(count) of \(count) connected") }
        let reasons = lost.map { server in server.address + (server.lastError.map { ": \($0)" } ?? "") }
        return .init(
            name: "relays",
            value: "\(count - lost.count) of \(count) connected; \(reasons.joined(separator: "; "))", tone: .bad)
    }

    private var outbox: Drawing.Fact {
        let refusal = health.outboxRefusal.map { ", refused for now: \($0)" } ?? ""
        let waiting = health.outboxPending == 0 ? "nothing waits" : "\(health.outboxPending) waiting\(refusal)"
        let dead = health.outboxDead == 0 ? nil : "\(health.outboxDead) will never go"
        let refused = health.outboxRefused == 0 ? nil : "\(health.outboxRefused) refused by their recipients"
        let failed = [dead, refused].compactMap { $0 }.joined(separator: ", ")
        let words = [waiting + pressure, failed.isEmpty ? nil : "\(failed): see why with  kin outbox --failed"]
        return .init(
            name: "outbox", value: words.compactMap { $0 }.joined(separator: ", "),
            tone: failed.isEmpty && pressure.isEmpty ? .plain : .bad)
    }

    /// What is to be done where there is not much room left.
    private var pressure: String {
        switch health.outboxPressure {
        case "high": " and takes most of its room: send less until it has left"
        case "refusing":
            " and takes its room, so nothing new is taken: wait until it has left, or  kin outbox drop  some"
        case "full": "; there is no room to send anything, only to receive: make room on the disk or in the outbox"
        default: ""
        }
    }

    private var inbox: Drawing.Fact {
        .init(name: "inbox", value: health.inboxCount == 1 ? "1 message" : "\(health.inboxCount) messages")
    }
}
