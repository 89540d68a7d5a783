public import KinCalls
public import KinEncoding
public import KinWire

/// A terminal of another device, by calls to it (docs/protocol/terminals.md).
public struct RemoteTerminal: AttachedTerminal {
    /// The device, as the person called it.
    public let name: String
    public let comeBack: String
    /// Of the local API: the one that lives now.
    private let stream: @Sendable () async throws -> CallStream
    private let node: String
    public let id: ULID

    /// How long one that was out of reach may take to say that it is there.
    private static let checkLimit = Duration.seconds(10)
    /// Between two looks at whether it is detached.
    private static let look = Duration.milliseconds(20)

    /// - Parameters:
    ///   - node: the device's name.
    ///   - stream: gives a call stream of the local API that lives.
    public init(
        node: String, id: ULID, comeBack: String, by stream: @escaping @Sendable () async throws -> CallStream
    ) {
        self.stream = stream
        self.node = node
        self.id = id
        self.comeBack = comeBack
        name = node
    }

    /// - Throws: what the device, or the way to it, refused.
    public static func open(
        _ request: TerminalRequest, on stream: CallStream, node: String
    ) async throws(KinError) -> TerminalInfo {
        try await read(stream, node, "open", request.json) { json throws(WireError) in try TerminalInfo(json: json) }
    }

    /// All of a device.
    public static func list(
        on stream: CallStream, node: String, within limit: Duration = CallLimits.patience
    ) async throws(KinError) -> [TerminalInfo] {
        try await read(stream, node, "list", .object([:]), within: limit) { json throws(WireError) in
            try TerminalInfo.list(json: json)
        }
    }

    public func events(from start: TerminalStart, size: TerminalSize?) async throws -> any AttachedEvents {
        let attachment = TerminalAttachment(id: id, start: start, size: size)
        do {
            return RemoteEvents(answers: try await stream().subscribe(Self.path(node, "attach"), attachment.json))
        } catch let fault as CallFault {
            throw KinError(fault)
        }
    }

    public func check() async throws { _ = try await known() }

    private func known() async throws -> TerminalInfo {
        let terminals = try await Self.list(on: stream(), node: node, within: Self.checkLimit)
        guard let terminal = terminals.first(where: { $0.id == id }) else {
            throw KinError(
                "unknown_terminal",
                "\(name) is back, but the terminal is gone: it was closed, or the daemon there started again",
                category: .notFound)
        }
        return terminal
    }

    /// Waits as long as the program there does not read, or the link is being resumed: it ends with the link, or by cancellation.
    public func write(_ bytes: [UInt8]) async throws {
        try await call("write", TerminalInput(id: id, bytes: bytes).json, within: nil)
    }

    public func resize(to size: TerminalSize) async throws {
        try await call("resize", TerminalResize(id: id, size: size).json)
    }

    public func detach() async throws {
        while try await known().attached > 0 { try await Task.sleep(for: Self.look) }
    }

    public func close() async throws { try await call("close", TerminalReference(id: id).json) }

    private func call(_ operation: String, _ input: JSON, within limit: Duration? = CallLimits.patience) async throws {
        let stream = try await stream()
        _ = try await Self.answer(stream, node, operation, input, within: limit)
    }

    private static func read<Answer>(
        _ stream: CallStream, _ node: String, _ operation: String, _ input: JSON,
        within limit: Duration? = CallLimits.patience, _ read: (JSON) throws(WireError) -> Answer
    ) async throws(KinError) -> Answer {
        let answer = try await answer(stream, node, operation, input, within: limit)
        do { return try read(answer) } catch {
            throw KinError("answer_invalid", "\(node) answered what this kin does not understand: \(error.message)")
        }
    }

    /// Apart from its callers: the optimizer of Swift 6.3 crashes where it is drawn into one of them.
    @inline(never)
    private static func answer(
        _ stream: CallStream, _ node: String, _ operation: String, _ input: JSON,
        within limit: Duration? = CallLimits.patience
    ) async throws(KinError) -> JSON {
        do { return try await stream.call(path(node, operation), input, within: limit) } catch {
            throw (error as? CallFault).map { KinError($0) } ?? KinError(reporting: error)
        }
    }

    /// - Throws: `unknown_recipient` for a name that no device can have.
    private static func path(_ node: String, _ operation: String) throws(KinError) -> OperationPath {
        guard let path = OperationPath(parts: [node, "term", operation]) else {
            throw KinError("unknown_recipient", "no device can be called \(node)", category: .notFound)
        }
        return path
    }
}

/// Whoever lets go of it, or is cancelled, is detached.
private final class RemoteEvents: AttachedEvents {
    private let answers: CallSubscription

    init(answers: CallSubscription) { self.answers = answers }

    deinit { answers.abort() }

    func next() async throws -> TerminalEvent? {
        do {
            guard let json = try await answers.next() else { return nil }
            return try TerminalEvent(json: json)
        } catch let fault as CallFault {
            throw KinError(fault)
        } catch let error as WireError {
            throw KinError("answer_invalid", "the device answered what this kin does not understand: \(error.message)")
        }
    }
}
