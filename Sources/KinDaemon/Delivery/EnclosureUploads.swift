import KinClient
import KinCrypto
import KinIdentity
import KinMailbox
import KinSession
import KinWire
import Logging
import Synchronization

/// Brings to the server what is too large for its message's frame, before that leaves (docs/protocol/files.md, "Messages that do not fit").
///
/// Nothing of it is kept: what is sealed is in the outbox, under which id and key follows from the message, and how far it is the server says, asked anew in
/// each session, for it may have lost what it had.
final class EnclosureUploads: Sendable {
    static let maxAtOnce = 2

    enum Standing {
        /// The server has it whole.
        case ready(Enclosure)
        /// Not yet; why.
        case pending(code: String)
        /// It never takes it.
        case refused(code: String)
    }

    private struct State {
        /// Counts sessions.
        var session = 0
        var standing: [ClientMessageID: Standing] = [:]
        var waiting: [ClientMessageID] = []
        var running: Set<ClientMessageID> = []
        var tasks: [ClientMessageID: Task<Void, Never>] = [:]
    }

    private let blob: BlobUpload
    private let mesh: MeshID
    private let keys: DeviceKeys
    private let outbox: OutboxStore
    private let logger: Logger
    private let state = Mutex(State())
    private let listener = Mutex<@Sendable (Destination) -> Void>({ _ in })

    init(blob: BlobUpload, mesh: MeshID, keys: DeviceKeys, outbox: OutboxStore, logger: Logger) {
        self.blob = blob
        self.mesh = mesh
        self.keys = keys
        self.outbox = outbox
        self.logger = logger
    }

    /// Told where something may leave now, or never will.
    func onEnd(_ listener: @escaping @Sendable (Destination) -> Void) { self.listener.withLock { $0 = listener } }

    /// Another session, perhaps of another store.
    func startOver() {
        state.withLock { state in
            state.session += 1
            state.standing = [:]
            state.waiting = []
            // What hangs on the connection before is not waited for.
            for task in state.tasks.values { task.cancel() }
            state.tasks = [:]
        }
    }

    /// The message has left, or never will.
    func forget(_ id: ClientMessageID) { state.withLock { $0.standing[id] = nil } }

    /// How far a message's content is; begins where it is not on its way.
    func standing(of row: OutboxRow) -> Standing {
        let id = row.clientMessageID
        let standing = state.withLock { state -> Standing in
            if let standing = state.standing[id] {
                // What failed is told once, and tried again.
                guard case .pending(let code) = standing, code != Self.underWay else { return standing }
                begin(id, &state)
                return standing
            }
            begin(id, &state)
            return .pending(code: Self.underWay)
        }
        pump()
        return standing
    }

    private static let underWay = "pending_upload"

    private func begin(_ id: ClientMessageID, _ state: inout State) {
        state.standing[id] = .pending(code: Self.underWay)
        if !state.waiting.contains(id) { state.waiting.append(id) }
    }

    private func pump() {
        while let (id, session) = state.withLock({ state -> (ClientMessageID, Int)? in
            guard state.running.count < Self.maxAtOnce,
                let index = state.waiting.firstIndex(where: { !state.running.contains($0) })
            else { return nil }
            let id = state.waiting.remove(at: index)
            state.running.insert(id)
            return (id, state.session)
        }) {
            let task = Task { [weak self] in
                guard let self else { return }
                await attempt(id, session)
            }
            state.withLock { if $0.session == session, $0.running.contains(id) { $0.tasks[id] = task } }
        }
    }

    private func attempt(_ id: ClientMessageID, _ session: Int) async {
        var destination: Destination?
        var standing: Standing?
        do {
            if let row = try outbox.row(id), row.status == .pending {
                destination = row.lane.destination
                standing = .ready(try await upload(row))
            }
        } catch {
            let error = error as? KinError ?? KinError("internal", "\(type(of: error))")
            standing = FileShares.isFinal(error) ? .refused(code: error.code) : .pending(code: error.code)
            logger.info(
                "enclosure_delayed", metadata: ["id": .string(id.description), "code": .string(error.code)])
        }
        let isCurrent = state.withLock { state in
            state.running.remove(id)
            state.tasks[id] = nil
            guard state.session == session else { return false }
            state.standing[id] = standing
            return true
        }
        // What failed is tried again when its lane is due.
        var isOver = true
        if case .pending = standing { isOver = false }
        if isCurrent, isOver, let destination { listener.withLock { $0 }(destination) }
        pump()
    }

    private func upload(_ row: OutboxRow) async throws -> Enclosure {
        let content = row.enclosed.canonicalBytes()
        let (file, key) = keys.enclosure(of: row.fingerprint, at: row.enqueuedAt)
        let sealer = FileSealer(key: SecretBytes(copying: key), mesh: mesh, file: file, size: Int64(content.count))
        _ = try await blob.run(
            BlobCreation(
                blob: file, size: sealer.form.sealedSize, reader: row.lane.destination, isPersistent: false),
            FileReading(BytesSource(bytes: content), sealer))
        return Enclosure(file: file, size: Int64(content.count), sha256: Digest.sha256(content), key: key)
    }
}

extension OutboxRow {
    /// Whether its content may travel beside it: what daemons say on their own account, and of files, never does.
    var mayBeEnclosed: Bool { !content.contentType.hasPrefix(EnclosedContent.daemonsOwn) }

    var enclosed: EnclosedContent {
        EnclosedContent(contentType: content.contentType, meta: content.meta, body: content.body)
    }

    /// The same message with the content beside it.
    func enclosing(_ enclosure: Enclosure) -> OutboxRow {
        var row = self
        row.content.contentType = Enclosure.contentType
        row.content.meta = nil
        row.content.body = String(decoding: enclosure.canonicalBytes(), as: UTF8.self)
        return row
    }
}
