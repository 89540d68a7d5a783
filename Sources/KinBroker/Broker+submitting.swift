import KinEncoding
import KinWire

// Sends that come outside a session: `POST /v1/messages` (docs/protocol/http-api.md).

extension Broker {
    /// Members whose key in force has this id (SHA-256 of the raw key).
    public func members(withKeyID keyID: [UInt8]) -> Set<MeshMember> { index.members(withKeyID: keyID) }

    /// The chain of a member that is one now: known here, not revoked, and valid at this time.
    public func validChain(of member: MeshMember) -> Chain? {
        guard let chain = knownHub(member.mesh)?.chain(of: member.member),
            (try? verifier.verify(chain, in: member.mesh, now: now())) != nil
        else { return nil }
        return chain
    }

    /// Takes one send as a session would: by the acceptance table, in one transaction, pushed once it is on disk.
    ///
    /// There is no order gate: each call stands alone, and its `seq` is compared with nothing. A sender that wants order waits for each answer.
    /// - Parameter permit: asked inside the transaction, last before a new message is stored; a refusal leaves nothing behind.
    public func submit(
        _ submission: Submission, from sender: MeshMember, permit: @escaping @Sendable () -> Refusal?
    ) async -> Acceptance {
        guard let hub = knownHub(sender.mesh) else { return .refused(.unknownMember) }
        let now = now()
        return await withCheckedContinuation { continuation in
            store.accept(
                [submission], from: sender.member, in: hub.key, wary: true, now: now,
                admit: { self.admit($0, from: sender, hub) ?? permit() },
                completion: { acceptances in
                    let acceptance = acceptances.first ?? .refused(.storageFailed)
                    self.metrics.count(acceptance)
                    if case .stored(let id) = acceptance {
                        hub.deliver(submission, id: id, from: sender.member, sentAt: now)
                    }
                    continuation.resume(returning: acceptance)
                })
        }
    }

    /// Takes in a mesh by the chain of one of its members, whatever the policy says: whoever calls this was allowed to.
    /// - Returns: whether the mesh is new.
    /// - Throws: `ChainNotTaken`; or where the store cannot be written.
    public func introduce(_ chain: Chain) async throws -> Bool {
        let mesh = chain.certificate.mesh
        do { try verifier.verify(chain, in: mesh, now: now()) } catch { throw ChainNotTaken(error) }
        let isNew = knownHub(mesh) == nil
        let hub = try await hub(for: mesh, isInvited: true)
        do { try hub.put(chain) } catch { throw ChainNotTaken(error) }
        return isNew
    }

    /// What is wrong with a send whoever brings it.
    func check(_ submission: Submission) -> Refusal? {
        if submission.body.count > policy.inlineBytes { return .tooLarge }
        if let expiresAt = submission.send.expiresAt, expiresAt <= now() { return .expired }
        return nil
    }

    private func admit(_ submission: Submission, from sender: MeshMember, _ hub: MeshHub) -> Refusal? {
        if let refusal = check(submission) { return refusal }
        if hub.isClosed { return .meshSucceeded }
        if let refusal = hub.refusal(of: submission.send, from: sender.member) { return refusal }
        return rate.withLock { $0.take(sender, now: now()) }.map { .rateLimited(after: $0) }
    }
}

/// A chain that makes nobody a member here.
public struct ChainNotTaken: Error {
    /// For its bearer.
    public let reason: String

    init(_ error: any Error) { reason = String("\(error)".prefix(256)) }
}
