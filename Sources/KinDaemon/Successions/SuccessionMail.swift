import KinEncoding
import KinMailbox
import KinWire

/// Tells devices of a new wallet by messages in the durable outbox, behind everything that waits for them.
struct SuccessionMail: Sendable {
    let acceptance: Acceptance

    private var outbox: OutboxStore { acceptance.outbox }

    func freshID() throws -> ClientMessageID { try acceptance.freshID() }

    /// - Throws: `message_too_large` where the broker would not take it.
    func checkSize(of bundle: SuccessionBundle, _ id: ClientMessageID) throws {
        try acceptance.checkSize(request(bundle, id))
    }

    /// Takes a message into the outbox, unless it is there.
    func queue(_ bundle: SuccessionBundle, _ id: ClientMessageID) async throws {
        _ = try await acceptance.accept(request(bundle, id))
    }

    /// Whether the broker has it, or never will; nil where it is not in the outbox.
    func isDone(_ id: ClientMessageID) throws -> Bool? {
        try outbox.row(id).map { $0.status != .pending }
    }

    /// Empties messages, for registry keys are in them.
    /// - Parameter done: called once that is on disk.
    func forget(_ ids: [ClientMessageID], done: @escaping @Sendable () -> Void = {}) {
        guard !ids.isEmpty else { return }
        outbox.forget(ids, at: acceptance.now(), done: done)
    }

    private func request(_ bundle: SuccessionBundle, _ id: ClientMessageID) -> OutboxRequest {
        acceptance.request(
            id, OutboxRow.Lane(destination: .dm(bundle.chain.member), priority: .low),
            OutboxRow.Content(
                body: String(decoding: bundle.canonicalBytes(), as: UTF8.self),
                contentType: SuccessionBundle.contentType))
    }
}
