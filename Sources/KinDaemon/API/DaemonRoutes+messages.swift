import Hummingbird
import KinDaemonAPI
import KinEncoding
import KinMailbox
import KinWire

// What came and what was sent (docs/protocol/local-api.md, "Inbox", "Outbox", "History").

extension DaemonRoutes {
    static let messages: [LocalRoute] = [
        .get(
            "/v1/inbox", "inbox", "Messages received, oldest first",
            [.rowCursor, .since, .from, .topic, .limit, .newest],
            answers: [.json(InboxPage.schema, "A page of them.")],
            errors: .store + .recipient
        ) { routes, request in try routes.page(request.query) },
        .get(
            "/v1/inbox/search", "inbox", "Those of them that hold all of these words",
            [
                .query(
                    "q", .text(longest: 256, format: "kindred-words"),
                    "Words of letters or digits; \"…\" is a phrase, * stands for any ending.",
                    isRequired: true), .rowCursor, .since, .from, .topic, .limit, .newest,
            ], answers: [.json(InboxPage.schema, "A page of them.")],
            errors: .store + .recipient + [409: ["search_off"]]
        ) { routes, request in try routes.found(request.query) },
        .post(
            "/v1/inbox/read", "inbox", "Marks messages as read, and tells their senders",
            body: .required(ReadRequest.schema),
            answers: [.json(ReadAnswer.schema, "Those that were not read before.")],
            errors: .full
        ) { routes, request in
            let wanted = try await request.read(ReadRequest.init)
            let read = try await routes.inbox.markRead(wanted.ids, at: routes.now())
            if !read.isEmpty { routes.receipts.due() }
            return APIResponse.json(ReadAnswer(read: read).json)
        },
        .get(
            "/v1/message/{client_message_id}", "message", "How far a sent message has come", [.clientMessageID],
            answers: [.json(MessageStatus.schema, "Its state.")],
            errors: .store + [404: ["unknown_message"]]
        ) { routes, request in APIResponse.json(try routes.row(request).status(routes.family).json) },
        .get(
            "/v1/history", "history", "What was sent and received together, oldest first",
            [
                .query(
                    "to", .text,
                    "What was sent to this device, a name or member id; or # and a topic, or all: what was said there, by this device too."
                ), .from, .cursor, .limit,
                .query("last", .count, "Instead of pages: the newest so many."),
            ], answers: [.json(HistoryPage.schema, "A page of it.")],
            errors: .store + .recipient + [404: ["unknown_topic"]]
        ) { routes, request in try routes.history(request.query) },
    ]

    static let outbox: [LocalRoute] = [
        .get(
            "/v1/outbox", "outbox", "Messages that wait or failed, oldest first",
            [
                .query("failed", .bool, "Only those that cannot be sent or were refused."),
                .query("cursor", .count, "From the page before."), .limit,
            ], answers: [.json(OutboxPage.schema, "A page of them.")], errors: .store
        ) { routes, request in APIResponse.json(try routes.outboxPage(request.query).json) },
        .get(
            "/v1/outbox/{client_message_id}", "outbox", "A sent message with what it says", [.clientMessageID],
            answers: [.json(OutboxMessage.schema, "The message.")],
            errors: .store + [404: ["unknown_message"]]
        ) { routes, request in APIResponse.json(try routes.row(request).message(routes.family).json) },
        .post(
            "/v1/outbox/{client_message_id}/requeue", "outbox",
            "Gives it up and sends it, changed, under another id", [.clientMessageID],
            body: .optional(RequeuePatch.schema), answers: [.json(MessageStatus.schema, "The new message.")],
            errors: .full + changeErrors + sendErrors
        ) { routes, request in
            let id = try routes.row(request)
            let body = try await request.body()
            let patch = try body.isEmpty ? RequeuePatch() : RequeuePatch(json: body)
            return APIResponse.json(try await routes.sending.requeue(id, patch).status(routes.family).json)
        },
        .post(
            "/v1/outbox/{client_message_id}/drop", "outbox", "Gives it up", [.clientMessageID],
            body: .optional(EmptyRequest.schema), answers: [.json(MessageStatus.schema, "The message.")],
            errors: .full + changeErrors
        ) { routes, request in
            let row = try routes.row(request)
            _ = try await request.read(EmptyRequest.init)
            return APIResponse.json(try await routes.sending.drop(row.clientMessageID).status(routes.family).json)
        },
        .post(
            "/v1/outbox/prune", "outbox", "Erases what finished messages said", body: .required(PruneRequest.schema),
            answers: [.json(PruneAnswer.schema, "How many.")],
            errors: .full
        ) { routes, request in
            let wanted = try await request.read(PruneRequest.init)
            let time = routes.now()
            let pruned = try await routes.outbox.prune(before: time - wanted.olderThan, now: time)
            return APIResponse.json(PruneAnswer(pruned: Int64(pruned)).json)
        },
    ]

    private static let changeErrors: RouteErrors = [
        403: ["message_of_daemon"], 404: ["unknown_message"],
        409: ["outbox_inflight", "outbox_done", "outbox_aborted", "outbox_pruned", "outbox_id_taken"],
    ]

    /// An answer of at most `maxAnswerBytes`: bodies grow where letters have to be escaped.
    /// - Parameter page: given how many bytes of bodies to take.
    static func fitting(_ page: (_ maxBytes: Int) throws -> [UInt8]) rethrows -> [UInt8] {
        var maxBytes = maxPageBytes
        while true {
            let bytes = try page(maxBytes)
            if bytes.count <= maxAnswerBytes || maxBytes < SendRequest.maxBytes { return bytes }
            maxBytes /= 2
        }
    }

    private func page(_ query: Query, words: SearchWords? = nil) throws -> Response {
        let from = try query["from"].map { try family.resolve($0).member }
        var after = query.integer("cursor") ?? InboxQuery.beginning
        if query["last"] != nil {
            let meant = InboxQuery(
                after: after, since: query.integer("since"), from: from, topic: query.topic(), words: words,
                limit: 1, maxBytes: 1)
            after = try inbox.beginning(ofNewest: query.limit("last"), meant)
        }
        let bytes = try Self.fitting { [after] maxBytes in
            let wanted = InboxQuery(
                after: after, since: query.integer("since"), from: from,
                topic: query.topic(), words: words, limit: query.limit(), maxBytes: maxBytes)
            let (rows, more) = try inbox.page(wanted)
            return InboxPage(
                messages: rows.map { $0.message(family) }, cursor: more ? rows.last.map { String($0.id) } : nil
            ).json.canonicalBytes()
        }
        return APIResponse.bytes(bytes)
    }

    private func found(_ query: Query) throws -> Response {
        guard let words = query["q"].flatMap({ SearchWords($0) }) else {
            throw KinError(
                "invalid_request",
                "q must hold what to look for: words of letters or digits, at most \(SearchWords.maxBytes) bytes",
                category: .usage)
        }
        return try page(query, words: words)
    }

    private func outboxPage(_ query: Query) throws -> OutboxPage {
        let (rows, more) = try outbox.page(
            OutboxQuery(
                part: query.bool("failed") ? .failed : .unfinished, after: query.integer("cursor") ?? 0,
                limit: query.limit()))
        return OutboxPage(
            messages: rows.map { $0.status(family) }, cursor: more ? rows.last.map { String($0.id) } : nil)
    }

    private func history(_ query: Query) throws -> Response {
        let sides = try sides(query)
        let history = Correspondence(outbox: outbox, inbox: inbox, to: sides.to, from: sides.from)
        let start = try query["cursor"].map { text in
            guard let position = Correspondence.Position(text), position.description == text else {
                throw Query.invalid("cursor", "be one of a page")
            }
            return position
        }
        let bytes = try Self.fitting { maxBytes in
            if query["last"] != nil {
                let entries = try history.newest(query.limit("last"), maxBytes: maxBytes)
                return HistoryPage(messages: entries.map { $0.entry(family) }, cursor: nil).json.canonicalBytes()
            }
            let (entries, next) = try history.page(
                after: start ?? .init(), limit: query.limit(), maxBytes: maxBytes)
            return HistoryPage(messages: entries.map { $0.entry(family) }, cursor: next?.description).json
                .canonicalBytes()
        }
        return APIResponse.bytes(bytes)
    }

    private func sides(_ query: Query) throws -> (to: Correspondence.Side, from: Correspondence.Side) {
        let to = try query["to"].map { try sending.addressing.named($0) }
        let from = try query["from"].map { try family.resolve($0).member }
        switch (to, from) {
        case (nil, nil): return (.everybody, .everybody)
        // Who names one device means what went one way.
        case (nil, let from?): return (.none, .only(from))
        case (.dm(let to)?, let from): return (.only(to), from.map { .only($0) } ?? .none)
        case (.topic(let topic)?, nil): return (.topic(topic), .topic(topic))
        case (.topic(let topic)?, let from?):
            let isOwn = from == sending.acceptance.me.member
            return isOwn ? (.topic(topic), .none) : (.none, .topicOnly(topic, from: from))
        }
    }

    private func row(_ request: LocalRequest) throws -> OutboxRow {
        guard let id = ClientMessageID(request.parameter("client_message_id")), let row = try outbox.row(id) else {
            throw KinError("unknown_message", "this device sent no message with that id", category: .notFound)
        }
        return row
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
        let to = family.name(of: lane.destination)
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

extension Family {
    /// What the sender is called here, or called itself in that message where that is nobody's alias.
    func name(ofSender row: InboxRow) -> String {
        let own = row.senderName.description
        let bearer = withDirectory { $0.aliases.member(called: own) }
        return alias(of: row.senderMember) == nil && bearer == nil ? own : name(of: row.senderMember)
    }
}

extension InboxRow {
    /// As the API shows it.
    func message(_ family: Family) -> InboxMessage {
        var message = InboxMessage(
            id: id, clientMessageID: clientMessageID,
            from: family.name(ofSender: self), fromMember: senderMember,
            body: SharedFile.shown(body, as: contentType), contentType: contentType, priority: priority, meta: meta,
            replyTo: replyTo, createdAt: createdAt,
            receivedAt: receivedAt, readAt: readAt)
        message.topic = topic
        message.mentions = mentions
        return message
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
