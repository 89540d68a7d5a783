import KinCalls
import KinIdentity
import KinWire

/// Answers what the local API is called with: this device's own operations, and, by the node in front of a path, those of other devices.
struct CallRouter: CallResponder {
    let operations: Operations
    let links: OutgoingLinks
    let family: Family
    /// Milliseconds.
    let now: @Sendable () -> Int64

    func respond(to call: IncomingCall) async throws {
        guard let (name, rest) = call.operation.node else { return try await operations.respond(to: call) }
        guard name != OperationPath.head else { return try await operations.respond(to: call, as: rest) }
        let target = try family.resolve(name)
        guard target.member != family.me.chain.member else { return try await operations.respond(to: call, as: rest) }
        try await forward(call, as: rest, to: links.calls(on: target, called: name))
    }

    private func forward(_ call: IncomingCall, as operation: OperationPath, to stream: CallStream) async throws {
        let key = call.request.idempotencyKey
        guard !call.endsWithFirst else {
            let limit = call.request.deadline.map { Duration.milliseconds(max(0, $0 - now())) }
            return try await call.respond(try await stream.call(operation, call.input, under: key, within: limit))
        }
        let answers = try await stream.subscribe(operation, call.input, under: key)
        do {
            while let answer = try await answers.next() { try await call.respond(answer) }
        } catch {
            answers.abort()
            throw error
        }
    }
}

/// Answers what comes over a link: this device's own operations, and nobody else's.
struct NodeResponder: CallResponder {
    let operations: Operations

    func respond(to call: IncomingCall) async throws {
        guard let (name, rest) = call.operation.node, name == OperationPath.head else {
            return try await operations.respond(to: call)
        }
        try await operations.respond(to: call, as: rest)
    }
}
