import Hummingbird
import KinDaemonAPI
import KinEncoding
import KinMailbox
import KinWire

// What came and what was sent (docs/protocol/local-api.md, "Inbox", "Outbox", "History").

extension DaemonRoutes {
    func addMessages(to router: Router<BasicRequestContext>) {
        router.post("v1/send/batch") { request, _ in
            let batch = try SendBatch(json: try await Self.body(of: request))
            return APIResponse.json(await sending.send(batch).json)
        }
        router.get("v1/inbox") { request, _ in APIResponse.json(try inboxPage(Query(request)).json) }
        router.get("v1/inbox/search") { request, _ in APIResponse.json(try found(Query(request)).json) }
        router.post("v1/inbox/read") { request, _ in
            let wanted = try ReadRequest(json: try await Self.body(of: request))
            let read = try await inbox.markRead(wanted.ids, at: now())
            if !read.isEmpty { receipts.due() }
            return APIResponse.json(ReadAnswer(read: read).json)
        }
        router.get("v1/message/:id") { _, context in APIResponse.json(try row(context).status(family).json) }
        router.get("v1/history") { request, _ in APIResponse.json(try history(Query(request)).json) }
        addOutbox(to: router)
    }

    private func addOutbox(to router: Router<BasicRequestContext>) {
        router.get("v1/outbox") { request, _ in APIResponse.json(try outboxPage(Query(request)).json) }
        router.get("v1/outbox/:id") { _, context in APIResponse.json(try row(context).message(family).json) }
        router.post("v1/outbox/:id/requeue") { request, context in
            let body = try await Self.body(of: request)
            let patch = try body.isEmpty ? RequeuePatch() : RequeuePatch(json: body)
            return APIResponse.json(try await sending.requeue(row(context), patch).status(family).json)
        }
        router.post("v1/outbox/:id/drop") { _, context in
            APIResponse.json(try await sending.drop(row(context).clientMessageID).status(family).json)
        }
        router.post("v1/outbox/prune") { request, _ in
            let wanted = try PruneRequest(json: try await Self.body(of: request))
            let time = now()
            let pruned = try await outbox.prune(before: time - wanted.olderThan, now: time)
            return APIResponse.json(PruneAnswer(pruned: Int64(pruned)).json)
        }
    }

    private func inboxPage(_ query: Query, words: SearchWords? = nil) throws -> InboxPage {
        let wanted = InboxQuery(
            after: try query.integer("cursor", from: InboxQuery.beginning) ?? InboxQuery.beginning,
            since: try query.integer("since"),
            from: try query["from"].map { try family.resolve($0).member }, words: words,
            limit: try query.limit(), maxBytes: Self.maxPageBytes)
        let (rows, more) = try inbox.page(wanted)
        return InboxPage(
            messages: rows.map { $0.message(family) }, cursor: more ? rows.last.map { String($0.id) } : nil)
    }

    private func found(_ query: Query) throws -> InboxPage {
        guard let words = query["q"].flatMap({ SearchWords($0) }) else {
            throw KinError(
                "invalid_request",
                "q must hold what to look for: words of letters or digits, at most \(SearchWords.maxBytes) bytes",
                category: .usage)
        }
        return try inboxPage(query, words: words)
    }

    private func outboxPage(_ query: Query) throws -> OutboxPage {
        let isFailed = try query.bool("failed")
        let (rows, more) = try outbox.page(
            OutboxQuery(
                part: isFailed ? .failed : .unfinished, after: try query.integer("cursor") ?? 0,
                limit: try query.limit()))
        return OutboxPage(
            messages: rows.map { $0.status(family) }, cursor: more ? rows.last.map { String($0.id) } : nil)
    }

    private func history(_ query: Query) throws -> HistoryPage {
        let to = try query["to"].map { try family.resolve($0).member }
        let from = try query["from"].map { try family.resolve($0).member }
        // Who names one side means that side alone.
        let history = Correspondence(
            outbox: outbox, inbox: inbox,
            to: to.map { .only($0) } ?? (from == nil ? .everybody : .none),
            from: from.map { .only($0) } ?? (to == nil ? .everybody : .none))
        if query["last"] != nil {
            let entries = try history.newest(try query.limit("last"), maxBytes: Self.maxPageBytes)
            return HistoryPage(messages: entries.map { $0.entry(family) }, cursor: nil)
        }
        let start = try query["cursor"].map { text in
            guard let position = Correspondence.Position(text) else {
                throw Query.invalid("cursor", "be one of a page")
            }
            return position
        }
        let (entries, next) = try history.page(
            after: start ?? .init(), limit: try query.limit(), maxBytes: Self.maxPageBytes)
        return HistoryPage(messages: entries.map { $0.entry(family) }, cursor: next?.description)
    }

    private func row(_ context: some RequestContext) throws -> OutboxRow {
        guard let id = context.parameters.get("id").flatMap({ ClientMessageID($0) }), let row = try outbox.row(id)
        else {
            throw KinError("unknown_message", "this device sent no message with that id", category: .notFound)
        }
        return row
    }

    private static func body(of request: Request) async throws -> [UInt8] {
        var request = request
        return Array(try await request.collectBody(upTo: SendRequest.maxBytes).readableBytesView)
    }
}

extension Correspondence.Entry {
    fileprivate func entry(_ family: Family) -> HistoryEntry {
        switch self {
        case .sent(let row): .sent(row.message(family))
        case .received(let row): .received(row.message(family))
        }
    }
}

extension OutboxRow {
    /// As the API shows it.
    func status(_ family: Family) -> MessageStatus {
        var to = lane.destination.recipient
        if case .dm(let member) = lane.destination { to = family.name(of: member) }
        var status = MessageStatus(
            clientMessageID: clientMessageID, status: state, to: to, toMember: lane.destination.recipient,
            priority: lane.priority, queuedAt: enqueuedAt, relayedAt: relayedAt, deliveredAt: deliveredAt,
            readAt: readAt, expiresAt: expiresAt, brokerMessageID: brokerMessageID,
            lastError: refusedReason ?? lastError)
        status.attempts = attempts
        status.nextAttemptAt = nextAttemptAt
        status.refusedAt = refusedAt
        status.abortedAt = abortedAt
        status.abortedBy = abortedBy
        status.supersededBy = supersededBy
        return status
    }

    /// With what it says, unless that was erased or is the daemon's own.
    func message(_ family: Family) -> OutboxMessage {
        let isShown = isUsers && prunedAt == nil
        return OutboxMessage(
            status: status(family), message: isShown ? SharedFile.shown(content.body, as: content.contentType) : nil,
            meta: isShown ? content.meta : nil,
            replyTo: content.replyTo, contentType: content.contentType, seq: seq,
            fingerprint: Hex.encode(fingerprint.prefix(8)), prunedAt: prunedAt)
    }

    var state: MessageState {
        switch status {
        case .dead: .dead
        case .aborted: .aborted
        case .pending: .queued
        case .done:
            isRefused ? .refused : readAt != nil ? .read : deliveredAt != nil ? .delivered : .relayed
        }
    }
}

extension InboxRow {
    /// As the API shows it.
    func message(_ family: Family) -> InboxMessage {
        InboxMessage(
            id: id, clientMessageID: clientMessageID, from: senderName.description, fromMember: senderMember,
            body: SharedFile.shown(body, as: contentType), contentType: contentType, priority: priority, meta: meta,
            replyTo: replyTo, createdAt: createdAt,
            receivedAt: receivedAt, readAt: readAt)
    }
}

extension SharedFile {
    /// A message's body as programs see it: of a file's without the key, which the daemon alone needs.
    static func shown(_ body: String, as type: String) -> String {
        guard type == contentType else { return body }
        let file = try? SharedFile(canonical: Array(body.utf8))
        return file.map { String(decoding: $0.shown.canonicalBytes(), as: UTF8.self) } ?? ""
    }
}
