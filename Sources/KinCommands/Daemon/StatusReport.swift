import KinDaemonAPI
import KinEncoding
import KinWire

/// What `kin status` says of a daemon that runs: three lines where all is well, else what is wrong and what to do, five lines at most.
struct StatusReport {
    static let maxLines = 5

    let version: DaemonVersion
    let health: DaemonHealth
    /// Milliseconds.
    let now: Int64

    /// The worst first.
    var problems: [StatusProblem] { StatusProblem.found(in: health, now: now) }

    /// 0 where all is well, 1 where something is wrong.
    var status: CommandStatus { problems.isEmpty ? .ok : .failed }

    var facts: [Drawing.Fact] {
        let problems = problems
        let room = Self.maxLines - 1
        guard problems.count <= room else {
            let more = Drawing.Fact(
                name: "more", value: "\(problems.count - room + 1) further problems:  kin status --json  has all",
                tone: .bad)
            return [device] + problems.prefix(room - 1).map(\.fact) + [more]
        }
        let topics = Set(problems.map(\.topic))
        let well = [connection, queues].filter { !topics.contains($0.name) }
        return ([device] + problems.map(\.fact) + well).prefix(Self.maxLines).map { $0 }
    }

    var json: JSON {
        .object([
            "running": .bool(true), "healthy": .bool(problems.isEmpty), "problems": .array(problems.map(\.json)),
            "version": version.json, "health": health.json,
        ])
    }

    private var device: Drawing.Fact {
        let port = version.tcpPort.map { ", API at 127.0.0.1:\($0)" } ?? ""
        let span = health.ephemeral.map {
            $0.endsAt.map { ", ephemeral, ends in \(Moments.span($0 - now))" } ?? ", ephemeral"
        }
        return .init(
            name: "device",
            value: "\(version.name) is up in \(version.mesh), kin \(version.daemonVersion)\(port)\(span ?? "")",
            tone: problems.isEmpty ? .good : .plain)
    }

    private var connection: Drawing.Fact {
        let relays = health.relays
        let there = relays.count { $0.connected }
        // The usual one goes without saying.
        let policy = health.concurrentPolicy == .preferNewest ? "" : ", \(health.concurrentPolicy)"
        let span = Moments.span(now - health.broker.since)
        return .init(
            name: "broker",
            value: "\(health.broker.address) connected for \(span), \(there) of \(relays.count) relays\(policy)")
    }

    private var queues: Drawing.Fact {
        let key = health.outboxRefusal == KeyWait.code ? " (for the key of a topic:  kin outbox)" : ""
        let waiting = health.outboxPending == 0 ? "nothing waits" : "\(health.outboxPending) waiting\(key)"
        let inbox = health.inboxCount == 1 ? "1 message" : "\(health.inboxCount) messages"
        let refill = health.inboxRefilled.map { ", which is filled again from the server (\($0) so far)" } ?? ""
        return .init(name: "outbox", value: "\(waiting); \(inbox) in the inbox\(refill)")
    }
}

extension StatusProblem {
    fileprivate var fact: Drawing.Fact { .init(name: topic, value: "\(what): \(remedy)", tone: .bad) }

    fileprivate var json: JSON {
        .object(["topic": .string(topic), "code": .string(code), "what": .string(what), "do": .string(remedy)])
    }
}
