import KinEncoding
import KinWire

/// `GET /v1/health`: how the daemon is, connection by connection.
public struct DaemonHealth: Hashable, Sendable {
    /// One server this daemon talks to.
    public struct Server: Hashable, Sendable {
        public var address: String
        public var connected: Bool
        /// Milliseconds: since when it is as `connected` says.
        public var since: Int64
        /// What happened last when it is not connected.
        public var lastError: String?
        /// What a refusal is called, as in docs/protocol/mesh.md; nil where the connection just ended.
        public var code: String?
        /// Milliseconds: when it is tried again.
        public var nextAttemptAt: Int64?

        public init(address: String, connected: Bool, since: Int64, lastError: String?) {
            self.address = address
            self.connected = connected
            self.since = since
            self.lastError = lastError
        }

        init(json: JSON) throws(WireError) {
            var fields = try Fields(json, in: "server")
            address = try fields.text("address")
            connected = try fields.bool("connected")
            since = try fields.time("since")
            lastError = try fields.givenText("last_error")
            code = try fields.givenText("code")
            nextAttemptAt = try fields.givenTime("next_attempt_at")
            try fields.end()
        }

        public var json: JSON {
            .object([
                "address": .string(address), "connected": .bool(connected), "since": .integer(since),
                "last_error": .orNull(lastError) { .string($0) }, "code": .orNull(code) { .string($0) },
                "next_attempt_at": .orNull(nextAttemptAt) { .integer($0) },
            ])
        }
    }

    /// What goes with its process.
    public struct Ephemeral: Hashable, Sendable {
        /// Milliseconds: when it ends by itself; nil: when it is told to.
        public var endsAt: Int64?

        public init(endsAt: Int64?) { self.endsAt = endsAt }

        init(json: JSON) throws(WireError) {
            var fields = try Fields(json, in: "ephemeral")
            endsAt = try fields.givenTime("ends_at")
            try fields.end()
        }

        var json: JSON { .object(["ends_at": .orNull(endsAt) { .integer($0) }]) }
    }

    /// The mesh's broker.
    public var broker: Server
    /// Every server, as a relay.
    public var relays: [Server]
    public var outboxPending: Int64
    public var outboxDead: Int64
    /// Messages whose recipients refused them.
    public var outboxRefused: Int64 = 0
    /// `none`; `high` from 80 % of its room, `refusing` from 95 %: nothing new is taken; `full` from 100 % or where the disk is: only receiving goes on.
    public var outboxPressure = "none"
    /// Bytes of the contents that wait, and how many may.
    public var outboxBytes: Int64 = 0
    public var outboxMaxBytes: Int64 = 0
    /// Why the oldest waiting message was refused last.
    public var outboxRefusal: String?
    /// Milliseconds: when the oldest waiting message was accepted.
    public var outboxOldestAt: Int64?
    public var inboxCount: Int64
    /// How many messages are back while the inbox is filled again from the server; nil where it is not.
    public var inboxRefilled: Int64?
    /// What came and was refused or noticed, counted since the daemon's start, by name (docs/protocol/local-api.md); those above zero.
    public var inbound: [String: Int64] = [:]
    /// What is to be known, or decided, of a new wallet; nil where there is none.
    public var succession: String?
    /// Whether that waits for the user.
    public var successionWaits = false
    /// The home was made on another machine.
    public var cloneSuspected = false
    /// What happens when a member connects twice.
    public var concurrentPolicy = ConcurrentPolicy.preferNewest
    /// The connected server does not hold what an owner set.
    public var policyDiffers = false
    /// Percent in use of the file system that holds the home.
    public var diskPercent: Int64?
    /// Of a daemon whose keys and queues go with it; nil of any other.
    public var ephemeral: Ephemeral?
    /// What honest devices never show, a line each, at most 16: forked or withheld revocations, keys rotated twice.
    public var alerts: [String] = []

    public init(
        broker: Server, relays: [Server], outboxPending: Int64, outboxDead: Int64, outboxRefusal: String? = nil,
        inboxCount: Int64, succession: String? = nil
    ) {
        self.broker = broker
        self.relays = relays
        self.outboxPending = outboxPending
        self.outboxDead = outboxDead
        self.outboxRefusal = outboxRefusal
        self.inboxCount = inboxCount
        self.succession = succession
    }

    /// `ok` when messages flow, else `degraded`: local work goes on.
    public var status: String { broker.connected && outboxPressure != "full" ? "ok" : "degraded" }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes, passingOverOthers: true) { fields throws(WireError) in
            var outbox = try Fields(fields.take("outbox"), in: "outbox")
            var inbox = try Fields(fields.take("inbox"), in: "inbox")
            var health = DaemonHealth(
                broker: try Server(json: fields.take("broker")),
                relays: try APIBody.array(fields.array("relays", atMost: 64)) { item throws(WireError) in
                    try Server(json: item)
                },
                outboxPending: try outbox.integer("pending"), outboxDead: try outbox.integer("dead"),
                outboxRefusal: try outbox.givenText("refusal"),
                inboxCount: try inbox.integer("messages"), succession: try fields.givenText("succession"))
            health.inboxRefilled = try inbox.given("refilled") { fields, name throws(WireError) in
                try fields.integer(name)
            }
            health.outboxRefused = try outbox.integer("refused")
            health.outboxPressure = try outbox.text("pressure")
            health.outboxBytes = try outbox.integer("bytes")
            health.outboxMaxBytes = try outbox.integer("max_bytes")
            health.outboxOldestAt = try outbox.givenTime("oldest_at")
            try health.readLater(&fields)
            return health
        }
    }

    /// What a daemon of before this version does not say.
    private mutating func readLater(_ fields: inout Fields) throws(WireError) {
        guard fields.has("concurrent_policy") else { return }
        successionWaits = try fields.bool("succession_waits")
        cloneSuspected = try fields.bool("clone_suspected")
        concurrentPolicy = try fields.concurrentPolicy()
        policyDiffers = try fields.bool("policy_differs")
        diskPercent = try fields.given("disk_pct") { fields, name throws(WireError) in try fields.integer(name) }
        alerts = try APIBody.array(fields.array("alerts", atMost: 16)) { item throws(WireError) in
            guard case .string(let text) = item else { throw WireError.invalid("an alert is a text") }
            return text
        }
        inbound = try APIBody.counts(fields.take("inbound"))
        ephemeral = try fields.given("ephemeral") { fields, name throws(WireError) in
            try Ephemeral(json: fields.take(name))
        }
    }

    public var json: JSON {
        .object([
            "status": .string(status), "broker": broker.json, "relays": .array(relays.map(\.json)),
            "outbox": .object([
                "pending": .integer(outboxPending), "dead": .integer(outboxDead),
                "refusal": .orNull(outboxRefusal) { .string($0) }, "refused": .integer(outboxRefused),
                "pressure": .string(outboxPressure), "bytes": .integer(outboxBytes),
                "max_bytes": .integer(outboxMaxBytes), "oldest_at": .orNull(outboxOldestAt) { .integer($0) },
            ]),
            "inbox": .object([
                "messages": .integer(inboxCount), "refilled": .orNull(inboxRefilled) { .integer($0) },
            ]),
            "succession": .orNull(succession) { .string($0) }, "succession_waits": .bool(successionWaits),
            "clone_suspected": .bool(cloneSuspected), "concurrent_policy": .text(concurrentPolicy),
            "policy_differs": .bool(policyDiffers), "disk_pct": .orNull(diskPercent) { .integer($0) },
            "alerts": .strings(alerts), "ephemeral": .orNull(ephemeral) { $0.json },
            "inbound": .object(inbound.mapValues { .integer($0) }),
        ])
    }
}

extension DaemonHealth {
    public static let schema = Schema.open("Health", required + later)

    private static let required: [Schema.Member] = [
        .required("status", .one(of: ["ok", "degraded"])), .required("broker", serverSchema),
        .required("relays", .list(serverSchema, atMost: 64)),
        .required(
            "outbox",
            .open(
                "HealthOutbox",
                [
                    .required("pending", .count), .required("dead", .count),
                    .optional("refusal", Schema.text.orNull, "Why the oldest that waits was refused last."),
                    .required("refused", .count),
                    .required("pressure", .one(of: ["none", "high", "refusing", "full"])),
                    .required("bytes", .count), .required("max_bytes", .count),
                    .optional("oldest_at", Schema.time.orNull),
                ])),
        .required(
            "inbox",
            .open(
                "HealthInbox",
                [
                    .required("messages", .count),
                    .optional(
                        "refilled", Schema.count.orNull, "How many came back, while a lost inbox is filled again."),
                ])), .optional("succession", Schema.text.orNull),
    ]

    private static let later: [Schema.Member] = [
        .required("succession_waits", .bool), .required("clone_suspected", .bool),
        .required("concurrent_policy", .one(of: ConcurrentPolicy.self)), .required("policy_differs", .bool),
        .optional("disk_pct", Schema.count.orNull),
        .required("alerts", .list(.text, atMost: 16)),
        .optional(
            "ephemeral", Schema.object("Ephemeral", [.optional("ends_at", Schema.time.orNull)]).orNull,
            "Of a daemon whose keys and queues go with it."),
        .required("inbound", .table(of: .count), "What came and was refused or noticed, by name."),
    ]

    private static let serverSchema = Schema.object(
        "Server",
        [
            .required("address", .text), .required("connected", .bool), .required("since", .time),
            .optional("last_error", Schema.text.orNull), .optional("code", Schema.text.orNull),
            .optional("next_attempt_at", Schema.time.orNull),
        ])
}

extension DaemonHealth {
    /// What `[ipc] public_health_check` tells whoever asks over TCP without the token.
    public static let publicSchema = Schema.object("PublicHealth", [.required("status", .one(of: ["ok", "degraded"]))])

    public var publicJSON: JSON { .object(["status": .string(status)]) }
}
