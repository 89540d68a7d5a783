import KinDaemonAPI
import KinEncoding
import KinTesting
import KinWire

/// One value of each type, with every member set, and one with every optional member absent.
enum Sample {
    static func id(_ text: String) throws -> ClientMessageID { try ClientMessageID(text).orThrow("an id") }

    static let member = ULID(milliseconds: 1_700_000_000_000, randomness: [UInt8](repeating: 1, count: 10))

    static func mesh() throws -> MeshID {
        .home(of: try WalletAddress(bytes: [UInt8](repeating: 7, count: 32)).orThrow("a wallet"))
    }

    static let meta = JSON.object(["k": .array([.integer(1), .null, .string("é\u{0}")])])

    static func request() throws -> SendRequest {
        SendRequest(
            to: "studio", message: "build is green 😀\u{0}", priority: .now, meta: meta, replyTo: try id("an:id"),
            clientMessageID: try id("mine"), expiresIn: 1)
    }

    static func share() -> FileShareRequest {
        FileShareRequest(path: "/tmp/é", to: "studio", message: "a\u{0}", mediaType: "a/b", isPersistent: true)
    }

    static func file() throws -> FileInfo {
        FileInfo(
            id: member, direction: .sent, name: try FileName("é 1.pdf").orThrow("a name"), size: 9, status: .waiting,
            transferred: 3, peer: "studio", peerMember: member, message: "m", mediaType: "a/b", createdAt: 1,
            expiresAt: 2, lastError: "why", nextAttemptAt: 3)
    }

    static func plainFile() throws -> FileInfo {
        FileInfo(
            id: member, direction: .received, name: try FileName("a").orThrow("a name"), size: 0, status: .available,
            peer: "studio", peerMember: member, createdAt: 1)
    }

    static func got() throws -> FileGot {
        FileGot(
            id: member, out: "/tmp/a", name: try FileName("a").orThrow("a name"), size: 1,
            sha256: [UInt8](repeating: 7, count: 32))
    }

    static func answer() throws -> SendAnswer {
        SendAnswer(clientMessageID: try id("a"), status: .relayed, duplicate: true, brokerMessageID: 5)
    }

    static func message() throws -> InboxMessage {
        InboxMessage(
            id: 7, clientMessageID: try id("a"), from: "laptop", fromMember: member, body: "",
            contentType: "text/plain",
            priority: .low, meta: meta, replyTo: try id("b"), createdAt: 1, receivedAt: 2, readAt: 3)
    }

    static func topicMessage() throws -> InboxMessage {
        var message = try message()
        message.topic = topic
        message.mentions = [try name("studio")]
        return message
    }

    static func plainMessage() throws -> InboxMessage {
        InboxMessage(
            id: 8, clientMessageID: try id("c"), from: "laptop", fromMember: member, body: "line\nline",
            contentType: "x",
            priority: .next, meta: nil, replyTo: nil, createdAt: 1, receivedAt: 2, readAt: nil)
    }

    static func status() throws -> MessageStatus {
        MessageStatus(
            clientMessageID: try id("a"), status: .read, to: "studio", toMember: member.description, priority: .next,
            queuedAt: 1, relayedAt: 2, deliveredAt: 3, readAt: 4, expiresAt: 5, brokerMessageID: 6, lastError: "why")
    }

    static func plainStatus() throws -> MessageStatus {
        MessageStatus(
            clientMessageID: try id("a"), status: .queued, to: "studio", toMember: member.description, priority: .next,
            queuedAt: 1, relayedAt: nil, deliveredAt: nil, readAt: nil, expiresAt: nil, brokerMessageID: nil,
            lastError: nil)
    }

    static func abortedStatus() throws -> MessageStatus {
        var status = try plainStatus()
        status.status = .aborted
        status.attempts = 7
        status.nextAttemptAt = 8
        status.refusedAt = 9
        status.abortedAt = 10
        status.abortedBy = "requeue"
        status.supersededBy = try id("b")
        return status
    }

    static func outboxMessage(isErased: Bool = false) throws -> OutboxMessage {
        OutboxMessage(
            status: try abortedStatus(), message: isErased ? nil : "text", meta: isErased ? nil : .object([:]),
            replyTo: try id("c"), contentType: "text/plain", seq: 5, fingerprint: "00ff", prunedAt: isErased ? 6 : nil)
    }

    static func batch() throws -> SendBatchAnswer {
        SendBatchAnswer(
            answers: [try answer()],
            refusal: KinError("message_too_large", "no", category: .tooLarge, detail: ["limit": .integer(1)]))
    }

    static let pressed: DaemonHealth = {
        var health = Sample.health
        health.outboxPressure = "full"
        health.outboxRefused = 6
        health.outboxBytes = 7
        health.outboxMaxBytes = 8
        health.outboxOldestAt = 9
        health.broker.code = "clock_skew"
        health.broker.nextAttemptAt = 10
        (health.succession, health.successionWaits) = ("somebody claims it", true)
        health.cloneSuspected = true
        (health.concurrentPolicy, health.policyDiffers) = (.allowConcurrent, true)
        health.diskPercent = 11
        health.alerts = ["one", "two"]
        health.inbound = ["gap": 9, "misaddressed": 1]
        health.inboxRefilled = 12
        return health
    }()

    private static let aliased: DeviceInfo = {
        var info = DeviceInfo(
            name: "desk", machineID: "00000000000000cc", member: member.description, role: "member", online: false,
            servers: [], lastSeen: nil, version: nil, thisDevice: false)
        info.ownName = "studio"
        return info
    }()

    static let devices = DeviceList(
        devices: [
            DeviceInfo(
                name: "laptop", machineID: "00000000000000aa", member: member.description, role: "owner", online: true,
                servers: ["a", "b"], lastSeen: 9, version: "1.0", thisDevice: true),
            DeviceInfo(
                name: "elsewhere", machineID: "00000000000000bb", member: nil, role: nil, online: false, servers: [],
                lastSeen: nil, version: nil, thisDevice: false),
            aliased,
        ], newNames: ["elsewhere"], unreachable: ["https://x does not answer"])

    static let health = DaemonHealth(
        broker: .init(address: "http://a", connected: true, since: 1, lastError: nil),
        relays: [.init(address: "http://b", connected: false, since: 2, lastError: "refused")], outboxPending: 3,
        outboxDead: 4, inboxCount: 5)

    static let settings = MeshSettingsInfo(
        concurrentPolicy: .preferOldest, set: .init(seq: 1, member: member.description, name: "laptop", at: 2),
        server: .differs)

    static func named(_ text: String) throws -> DeviceName { try DeviceName(text).orThrow("a name") }

    static func naming() throws -> DeviceNaming {
        DeviceNaming(
            name: "desk", ownName: "studio", member: member,
            machineID: try MachineID("00000000000000aa").orThrow("a machine"))
    }

    static func version(features: JSON? = .object(["f": .object(["version": .integer(1)])])) throws -> DaemonVersion {
        DaemonVersion(
            daemonVersion: "0.1", mesh: try mesh(), member: member,
            machineID: try MachineID("00000000000000aa").orThrow("a machine"),
            name: try DeviceName("laptop").orThrow("a name"), brokerFeatures: features)
    }
}

/// A type of the API as a test needs it: from JSON and back.
struct Form: CustomStringConvertible, Sendable {
    let description: String
    let json: JSON
    /// Reads a body and writes it again.
    let reread: @Sendable ([UInt8]) throws -> JSON

    init<T: Sendable>(
        _ name: String, _ value: T, _ json: @escaping @Sendable (T) throws -> JSON,
        _ read: @escaping @Sendable ([UInt8]) throws -> T
    ) throws {
        description = name
        self.json = try json(value)
        reread = { try json(read($0)) }
    }

    /// But those that are read of any version of the daemon.
    static func exact() throws -> [Form] {
        try (all() + topics()).filter {
            !$0.description.hasPrefix("DaemonHealth") && !$0.description.hasPrefix("DaemonVersion")
        }
    }

    static func all() throws -> [Form] {
        try [
            Form(
                "SendRequest", Sample.request(), { try JSON.parse($0.canonicalBytes()) }, { try SendRequest(json: $0) }),
            Form("FileShareRequest", Sample.share(), \.json, { try FileShareRequest(json: $0) }),
            Form(
                "FileShareRequest, plain", FileShareRequest(path: "/a", to: "b"), \.json,
                { try FileShareRequest(json: $0) }),
            Form("FileDeletion", FileDeletion(id: Sample.member), \.json, { try FileDeletion(json: $0) }),
            Form("FileInfo", Sample.file(), \.json, { try FileInfo(json: $0) }),
            Form("FileInfo, plain", Sample.plainFile(), \.json, { try FileInfo(json: $0) }),
            Form(
                "FileList", FileList(files: [Sample.file(), Sample.plainFile()], cursor: "c"), \.json,
                { try FileList(json: $0) }),
            Form("FileGetLine", FileGetLine.progress(received: 1, size: 2), \.json, { try FileGetLine(json: $0) }),
            Form("FileGetLine, done", FileGetLine.done(Sample.got()), \.json, { try FileGetLine(json: $0) }),
            Form("SendAnswer", Sample.answer(), \.json, { try SendAnswer(json: $0) }),
            Form("InboxMessage", Sample.message(), \.json, { try InboxMessage(json: $0) }),
            Form("InboxMessage, of a topic", Sample.topicMessage(), \.json, { try InboxMessage(json: $0) }),
            Form("InboxMessage, plain", Sample.plainMessage(), \.json, { try InboxMessage(json: $0) }),
            Form(
                "InboxPage", InboxPage(messages: [Sample.message(), Sample.plainMessage()], cursor: "8"), \.json,
                { try InboxPage(json: $0) }),
            Form("InboxPage, last", InboxPage(messages: [], cursor: nil), \.json, { try InboxPage(json: $0) }),
            Form("MessageStatus", Sample.status(), \.json, { try MessageStatus(json: $0) }),
            Form("MessageStatus, plain", Sample.plainStatus(), \.json, { try MessageStatus(json: $0) }),
            Form("MessageStatus, aborted", Sample.abortedStatus(), \.json, { try MessageStatus(json: $0) }),
            Form("OutboxMessage", Sample.outboxMessage(), \.json, { try OutboxMessage(json: $0) }),
            Form(
                "OutboxMessage, erased", Sample.outboxMessage(isErased: true), \.json, { try OutboxMessage(json: $0) }),
            Form(
                "OutboxPage", OutboxPage(messages: [Sample.status(), Sample.plainStatus()], cursor: "8"), \.json,
                { try OutboxPage(json: $0) }),
            Form(
                "HistoryPage",
                HistoryPage(messages: [.sent(Sample.outboxMessage()), .received(Sample.message())], cursor: "1.2"),
                \.json, { try HistoryPage(json: $0) }),
            Form("PruneRequest", PruneRequest(olderThan: 5), \.json, { try PruneRequest(json: $0) }),
            Form("PruneAnswer", PruneAnswer(pruned: 5), \.json, { try PruneAnswer(json: $0) }),
            Form("ReadRequest", ReadRequest(ids: [1, 2, -600]), \.json, { try ReadRequest(json: $0) }),
            Form("ReadAnswer", ReadAnswer(read: [1]), \.json, { try ReadAnswer(json: $0) }),
            Form("SendBatch", SendBatch(messages: [Sample.request()]), \.json, { try SendBatch(json: $0) }),
            Form("DaemonHealth, pressed", Sample.pressed, \.json, { try DaemonHealth(json: $0) }),
            Form("DeviceList", Sample.devices, \.json, { try DeviceList(json: $0) }),
            Form("DaemonHealth", Sample.health, \.json, { try DaemonHealth(json: $0) }),
            Form("MeshSettingsInfo", Sample.settings, \.json, { try MeshSettingsInfo(json: $0) }),
            Form(
                "MeshSettingsInfo, default",
                MeshSettingsInfo(concurrentPolicy: .preferNewest, set: nil, server: .notConnected), \.json,
                { try MeshSettingsInfo(json: $0) }),
            Form(
                "MeshSettingsRequest", MeshSettingsRequest(concurrentPolicy: .allowConcurrent), \.json,
                { try MeshSettingsRequest(json: $0) }),
            Form(
                "RenameRequest", RenameRequest(name: Sample.named("desk")), \.json, { try RenameRequest(json: $0) }),
            Form(
                "RenameAnswer", RenameAnswer(name: Sample.named("desk"), others: [Sample.member]), \.json,
                { try RenameAnswer(json: $0) }),
            Form("ForgetRequest", ForgetRequest(device: "desk"), \.json, { try ForgetRequest(json: $0) }),
            Form("DaemonVersion", Sample.version(), \.json, { try DaemonVersion(json: $0) }),
            Form("DaemonVersion, unconnected", Sample.version(features: nil), \.json, { try DaemonVersion(json: $0) }),
        ]
    }

    /// Forms without a member that must be there, or with one that is somebody else's.
    static func loose() throws -> [Form] {
        try [
            Form(
                "ProfileChange", ProfileChange(summary: "reviewing", status: .working, visible: false), \.json,
                { try ProfileChange(json: $0) }),
            Form(
                "AliasRequest", AliasRequest(device: "studio", alias: Sample.named("desk")), \.json,
                { try AliasRequest(json: $0) }),
            Form(
                "AliasRequest, none", AliasRequest(device: "desk", alias: nil), \.json, { try AliasRequest(json: $0) }),
            Form("DeviceNaming", Sample.naming(), \.json, { try DeviceNaming(json: $0) }),
            Form("ProfileChange, empty", ProfileChange(), \.json, { try ProfileChange(json: $0) }),
            Form(
                "RequeuePatch, all",
                RequeuePatch(
                    to: "x", message: "y", priority: .low, meta: .some(.object([:])), expiresIn: .some(5)), \.json,
                { try RequeuePatch(json: $0) }),
            Form(
                "RequeuePatch, less", RequeuePatch(meta: .some(nil), expiresIn: .some(nil)), \.json,
                { try RequeuePatch(json: $0) }),
            Form("RequeuePatch, empty", RequeuePatch(), \.json, { try RequeuePatch(json: $0) }),
            Form("SendBatchAnswer", Sample.batch(), \.json, { try SendBatchAnswer(json: $0) }),
            Form(
                "SendBatchAnswer, whole", SendBatchAnswer(answers: [], refusal: nil), \.json,
                { try SendBatchAnswer(json: $0) }),
        ]
    }
}
