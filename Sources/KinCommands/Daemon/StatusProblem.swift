import KinDaemonAPI
import KinWire

/// One thing that is wrong with a daemon, and what to do about it (docs/operations.md, "What kin status says").
struct StatusProblem: Hashable {
    /// The line's name.
    var topic: String
    /// Stable, for programs.
    var code: String
    var what: String
    /// What to do, or what happens by itself.
    var remedy: String

    /// The worst first.
    /// - Parameter now: milliseconds.
    static func found(in health: DaemonHealth, now: Int64) -> [StatusProblem] {
        [
            clone(health), broker(health, now), withholding(health), room(health), disk(health), succession(health),
            failed(health),
            waiting(health, now), relays(health, now), policy(health), alerts(health),
        ].compactMap { $0 }
    }

    /// A message that waits longer than this while the broker is there is worth a line: a minute, in milliseconds.
    static let longWait: Int64 = 60_000
    /// Percent of a file system.
    static let scarce: Int64 = 95

    // MARK: Servers

    private static func broker(_ health: DaemonHealth, _ now: Int64) -> StatusProblem? {
        let server = health.broker
        guard !server.connected else { return nil }
        let wait = health.outboxPending == 0 ? "" : "; \(count(health.outboxPending, "message")) here until then"
        return StatusProblem(
            topic: "broker", code: server.code ?? "not_connected",
            what: "\(server.address) not connected for \(Moments.span(now - server.since))\(reason(server))",
            remedy: "\(advice(server.code ?? server.lastError))\(next(server, now))\(wait)")
    }

    /// By the code of a refusal, as in docs/protocol/mesh.md.
    private static func advice(_ code: String?) -> String {
        switch code {
        case "clock_skew": "set this machine's clock right"
        case "mesh_not_allowed": "have its keeper let this family in"
        case "credential_needed", "credential_used_up": "kin wallet forget , then join again with a new credential"
        case "unauthorized": "dial it by a name it knows, and see that this device's certificate is valid"
        case "member_revoked": "if this device was revoked, start afresh; if not, use another server"
        case "inbox_write_failed", "outbox_unreadable", "succession_unwritable":
            "make room on the disk of this home: what comes cannot be stored"
        case "registration_refused":
            "see whether another device has a copy of this home; where none has, use another server as well"
        case "relay_full", "too_many_machines", "rate_limited":
            "it takes no more devices now: use another server as well"
        default: "see that the server is up and this machine is online"
        }
    }

    private static func relays(_ health: DaemonHealth, _ now: Int64) -> StatusProblem? {
        // Of copies that are allowed side by side one is registered.
        let isCopy = { (relay: DaemonHealth.Server) in
            health.concurrentPolicy == .allowConcurrent && relay.lastError == CloseCode.replacedByNewerConnection.reason
        }
        let lost = health.relays.filter { !$0.connected && !isCopy($0) }
        // One server that is away is one problem.
        let others = lost.filter { health.broker.connected || $0.address != health.broker.address }
        guard let first = others.first else { return nil }
        let more = others.count > 1 ? " and \(others.count - 1) more" : ""
        return StatusProblem(
            topic: "relays", code: first.code ?? "relay_unreachable",
            what: "\(lost.count) of \(health.relays.count) not reached: \(first.address)\(more)\(reason(first))",
            remedy: "others may not find this device; \(advice(first.code))\(next(first, now))")
    }

    private static func reason(_ server: DaemonHealth.Server) -> String {
        server.lastError.map { " (\($0))" } ?? ""
    }

    private static func next(_ server: DaemonHealth.Server, _ now: Int64) -> String {
        guard let next = server.nextAttemptAt else { return "" }
        return next > now ? "; it is tried again in \(Moments.span(next - now))" : "; it is being tried again"
    }

    private static func withholding(_ health: DaemonHealth) -> StatusProblem? {
        guard health.broker.connected, health.broker.code == "revocations_withheld" else { return nil }
        return StatusProblem(
            topic: "server", code: "revocations_withheld",
            what: "\(health.broker.address) keeps back revocations that members know",
            remedy: "use another with  kin up --server")
    }

    // MARK: This machine

    private static func clone(_ health: DaemonHealth) -> StatusProblem? {
        guard health.cloneSuspected else { return nil }
        return StatusProblem(
            topic: "host", code: "clone_suspected", what: "this home was made on another machine",
            remedy: "kin daemon accept-host  if it moved,  kin daemon remint  if it is a copy")
    }

    private static func disk(_ health: DaemonHealth) -> StatusProblem? {
        guard let used = health.diskPercent, used >= scarce, health.outboxPressure != "full" else { return nil }
        return StatusProblem(
            topic: "disk", code: "disk_nearly_full", what: "the disk of this home is \(used) % full",
            remedy: "make room, or soon nothing can be sent")
    }

    private static func room(_ health: DaemonHealth) -> StatusProblem? {
        let remedy: String
        switch health.outboxPressure {
        case "high": remedy = "send less until it has left"
        case "refusing": remedy = "nothing new is taken; wait until it has left, or  kin outbox drop  some"
        case "full": remedy = "only receiving goes on; make room on the disk or in the outbox"
        default: return nil
        }
        if health.outboxPressure == "full", health.outboxBytes < health.outboxMaxBytes {
            return StatusProblem(
                topic: "room", code: "disk_full", what: "the disk of this home is full",
                remedy: "make room: nothing can be sent until then, and what comes may not be stored")
        }
        let percent = health.outboxMaxBytes > 0 ? health.outboxBytes * 100 / health.outboxMaxBytes : 0
        return StatusProblem(
            topic: "room", code: "outbox_\(health.outboxPressure)",
            what: "what waits takes \(percent) % of the outbox's room", remedy: remedy)
    }

    // MARK: Messages

    private static func failed(_ health: DaemonHealth) -> StatusProblem? {
        let dead = health.outboxDead == 0 ? nil : "\(health.outboxDead) will never go"
        let refused = health.outboxRefused == 0 ? nil : "\(health.outboxRefused) refused by their recipients"
        let failed = [dead, refused].compactMap { $0 }
        guard !failed.isEmpty else { return nil }
        return StatusProblem(
            topic: "failed", code: "messages_failed", what: failed.joined(separator: ", "),
            remedy: "see why with  kin outbox --failed , then  kin outbox requeue  or  drop  each")
    }

    private static func waiting(_ health: DaemonHealth, _ now: Int64) -> StatusProblem? {
        guard health.broker.connected, let oldest = health.outboxOldestAt, now - oldest > longWait else { return nil }
        if health.outboxRefusal == KeyWait.code { return waitingForKey(health, oldest, now) }
        let refusal = health.outboxRefusal.map { ", refused for now (\($0))" } ?? ""
        return StatusProblem(
            topic: "outbox", code: health.outboxRefusal ?? "messages_wait",
            what: "\(count(health.outboxPending, "message")), the oldest for \(Moments.span(now - oldest))\(refusal)",
            remedy: "they are tried again by themselves;  kin outbox  lists them")
    }

    private static func waitingForKey(_ health: DaemonHealth, _ oldest: Int64, _ now: Int64) -> StatusProblem {
        StatusProblem(
            topic: "outbox", code: KeyWait.code,
            what:
                "\(count(health.outboxPending, "message")), the oldest for \(Moments.span(now - oldest)), for the key of a topic",
            remedy: "it comes when somebody who has it is there;  kin outbox  says who that may be")
    }

    private static func count(_ number: Int64, _ noun: String) -> String {
        number == 1 ? "1 \(noun) waits" : "\(number) \(noun)s wait"
    }

    // MARK: The family

    private static func succession(_ health: DaemonHealth) -> StatusProblem? {
        guard health.successionWaits, let notice = health.succession else { return nil }
        return StatusProblem(
            topic: "wallet", code: "succession", what: notice, remedy: "kin wallet rotate --help  says more")
    }

    private static func policy(_ health: DaemonHealth) -> StatusProblem? {
        guard health.policyDiffers else { return nil }
        return StatusProblem(
            topic: "policy", code: "policy_differs",
            what: "the server does not hold what an owner set (\(health.concurrentPolicy))",
            remedy: "set it again on an owner device with  kin mesh set")
    }

    private static func alerts(_ health: DaemonHealth) -> StatusProblem? {
        guard let first = health.alerts.first else { return nil }
        return StatusProblem(
            topic: "alert", code: "family_alert", what: first,
            remedy: health.alerts.count == 1
                ? "kin mesh members  says more" : "\(health.alerts.count) alerts:  kin mesh members  has them")
    }
}
