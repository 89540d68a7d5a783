public import KinEncoding
public import KinWire

/// What a node can be asked: operations by their paths.
///
///     var operations = Operations()
///     operations.query("/device/info", "what this device is") { call in info.json }
///     operations.subscription("/term/attach", "what a terminal shows") { call in
///         for await event in output { try await call.respond(event.json) }
///     }
public struct Operations: CallResponder {
    /// What calling it does.
    public enum Kind: String, Sendable {
        /// Changes nothing.
        case query
        case mutation
        /// Answers until there is no more, or nobody asks any more.
        case subscription
    }

    public struct Operation: Sendable {
        public let path: OperationPath
        public let kind: Kind
        /// One line.
        public let summary: String
        let handle: @Sendable (IncomingCall) async throws -> Void
    }

    private var byPath: [OperationPath: Operation] = [:]
    private let answers: KeptAnswers

    /// - Parameter answers: what mutations answered under idempotency keys.
    public init(keeping answers: KeptAnswers = KeptAnswers()) { self.answers = answers }

    /// In the order of their paths.
    public var all: [Operation] { byPath.values.sorted { $0.path.description < $1.path.description } }

    public mutating func query(
        _ path: StaticString, _ summary: String, _ answer: @escaping @Sendable (IncomingCall) async throws -> JSON
    ) {
        register(path, .query, summary) { try await $0.respond(try await answer($0)) }
    }

    /// A repeat under the same idempotency key gets the first answer (`KeptAnswers`).
    /// - Parameter isIdempotent: doing it again does no harm and answers alike: keys are passed over.
    public mutating func mutation(
        _ path: StaticString, _ summary: String, isIdempotent: Bool = false,
        _ answer: @escaping @Sendable (IncomingCall) async throws -> JSON
    ) {
        let (answers, operation) = (answers, OperationPath("\(path)"))
        register(path, .mutation, summary) { call in
            guard !isIdempotent, let operation, let key = call.request.idempotencyKey else {
                return try await call.respond(try await answer(call))
            }
            try await call.respond(
                try await answers.answer(call, of: operation, under: key) { try await answer(call) })
        }
    }

    public mutating func subscription(
        _ path: StaticString, _ summary: String, _ handle: @escaping @Sendable (IncomingCall) async throws -> Void
    ) {
        register(path, .subscription, summary, handle)
    }

    private mutating func register(
        _ path: StaticString, _ kind: Kind, _ summary: String,
        _ handle: @escaping @Sendable (IncomingCall) async throws -> Void
    ) {
        // Nothing from outside comes here: a path is a constant of the code that registers it, when a daemon starts.
        guard let path = OperationPath("\(path)") else { preconditionFailure("\(path) is no operation path") }
        byPath[path] = Operation(path: path, kind: kind, summary: summary, handle: handle)
    }

    /// Owners may call everything on their family; others nothing, and learn not even what there is.
    public func respond(to call: IncomingCall) async throws { try await respond(to: call, as: call.operation) }

    /// - Parameter path: without what led here.
    public func respond(to call: IncomingCall, as path: OperationPath) async throws {
        guard call.caller.isOwner else {
            throw CallFault(.forbidden, "only devices with the role owner may call operations of this one")
        }
        guard let operation = byPath[path] else {
            throw CallFault(
                .notFound,
                "there is no operation \(path) here: the other device may run an older kin, see  kin devices")
        }
        do {
            try await operation.handle(call)
        } catch is CancellationError where call.isAnswered {
            // The asking side wanted one answer of a subscription.
            return
        }
    }
}
