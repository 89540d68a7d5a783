import KinDaemonAPI
import KinEncoding
import KinMailbox
import KinMetrics
import KinWire

/// Takes requests to send: all checks first, so that a refused request consumes nothing; then one durable transaction.
struct Sending: Sendable {
    let acceptance: Acceptance
    let addressing: Addressing
    let outgoing: Outgoing
    /// Counts requests whose message the outbox had.
    let known: Counter

    /// - Throws: `KinError`, its code as in docs/protocol/local-api.md.
    func send(_ request: SendRequest) async throws -> SendAnswer {
        try answer(await acceptance.accept(outboxRequest(request)))
    }

    /// Messages in this order, up to the first that is refused.
    func send(_ batch: SendBatch) async -> SendBatchAnswer {
        var (requests, refusal) = ([OutboxRequest](), nil as (any Error)?)
        for message in batch.messages {
            do { requests.append(try outboxRequest(message)) } catch {
                refusal = error
                break
            }
        }
        var answers: [SendAnswer] = []
        for outcome in await acceptance.outbox.accept(requests, committed: acceptance.accepted) {
            do { answers.append(try answer(outcome.get())) } catch {
                refusal = error
                break
            }
        }
        let failure = refusal.map { $0 as? KinError ?? KinError("internal", "\(type(of: $0))") }
        return SendBatchAnswer(answers: answers, refusal: failure)
    }

    // MARK: Messages that do not go

    /// Gives a message up and sends it again, changed, under another id.
    func requeue(_ row: OutboxRow, _ patch: RequeuePatch) async throws -> OutboxRow {
        let id = row.clientMessageID
        let original = SendRequest(
            to: row.lane.destination.recipient, message: row.content.body, priority: row.lane.priority,
            meta: row.content.meta, replyTo: row.content.replyTo,
            expiresIn: row.expiresAt.map { max($0 - row.enqueuedAt, 1) })
        // What it is refused for, it is refused for whatever it says.
        guard row.isUsers, row.prunedAt == nil || patch.message != nil else {
            throw KinError(
                row.isUsers ? "outbox_pruned" : "message_of_daemon",
                row.isUsers
                    ? "what \(id) said was erased: say it again with  kin send, or with message in a patch"
                    : "the daemon sends \(id) on its own account: leave it to it",
                category: row.isUsers ? .conflict : .refused)
        }
        guard row.content.contentType != SharedFile.contentType else {
            throw KinError(
                "message_of_file", "\(id) tells of a file: share that again with  kin share", category: .refused)
        }
        var patched = patch.applied(to: original)
        patched.mentions = row.content.mentions
        // Those it mentions were named as others know them when it was taken.
        let request = try outboxRequest(patched, isOurs: false)
        return try await outgoing.holding(id) {
            try await acceptance.outbox.requeue(
                id, as: request, at: acceptance.now(), committed: acceptance.accepted)
        }
    }

    func drop(_ id: ClientMessageID) async throws -> OutboxRow {
        try await outgoing.holding(id) { try await acceptance.outbox.drop(id, at: acceptance.now()) }
    }

    private func answer(_ outcome: AcceptOutcome) throws -> SendAnswer {
        switch outcome {
        case .queued(let row, let isNew):
            if !isNew { known.add() }
            return SendAnswer(
                clientMessageID: row.clientMessageID, status: .queued, duplicate: !isNew, brokerMessageID: nil)
        case .finished(let row):
            known.add()
            return SendAnswer(
                clientMessageID: row.clientMessageID, status: row.state, duplicate: true,
                brokerMessageID: row.brokerMessageID)
        case .conflict(let row, let matches): throw conflict(row, matches)
        }
    }

    /// - Throws: `KinError`, its code as in docs/protocol/local-api.md.
    func post(_ post: PostRequest) async throws -> SendAnswer {
        var request = SendRequest(
            to: "#\(post.topic)", message: post.message, priority: post.priority, meta: post.meta,
            replyTo: post.replyTo, clientMessageID: post.clientMessageID, expiresIn: post.expiresIn)
        request.mentions = post.mentions
        return try await send(request)
    }

    /// - Parameter isOurs: whether it mentions others by what they are called here.
    private func outboxRequest(_ request: SendRequest, isOurs: Bool = true) throws -> OutboxRequest {
        let destination = try addressing.destination(request.to)
        let mentions = try request.mentions.map { try addressing.mentions($0, to: destination) }
        var wanted = acceptance.request(
            try request.clientMessageID ?? acceptance.freshID(),
            OutboxRow.Lane(destination: destination, priority: request.priority),
            OutboxRow.Content(
                body: request.message, meta: request.meta, replyTo: request.replyTo, mentions: request.mentions),
            expiresIn: request.expiresIn)
        // A repeat is known by what was asked for.
        if isOurs { wanted.content.mentions = mentions }
        try acceptance.checkSize(wanted)
        return wanted
    }

    private func conflict(_ row: OutboxRow, _ matches: Bool) -> KinError {
        let state = row.status.rawValue
        let reason = matches ? "that message is \(state)" : "it belongs to another message"
        return KinError(
            OutboxConflict.code(state, matches: matches),
            "the id \(row.clientMessageID) is taken: \(reason). Use another id",
            category: .conflict, detail: ["stored_fingerprint": .string(Hex.encode(row.fingerprint.prefix(8)))])
    }
}
