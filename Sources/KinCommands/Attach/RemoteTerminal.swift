public import KinCalls
public import KinEncoding
public import KinWire

/// A terminal of another device, by calls to it (docs/protocol/terminals.md).
public struct RemoteTerminal: AttachedTerminal {
    /// The device, as the person called it.
    public let name: String
    public let comeBack: String
    private let stream: CallStream
    private let node: String
    public let id: ULID

    /// - Parameters:
    ///   - stream: of the local API.
    ///   - node: the device's name.
    public init(_ stream: CallStream, node: String, id: ULID, comeBack: String) {
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
    public static func list(on stream: CallStream, node: String) async throws(KinError) -> [TerminalInfo] {
        try await read(stream, node, "list", .object([:])) { json throws(WireError) in
            try TerminalInfo.list(json: json)
        }
    }

    public func events(from start: TerminalStart, size: TerminalSize?) async throws -> any AttachedEvents {
        let attachment = TerminalAttachment(id: id, start: start, size: size)
        do {
            return RemoteEvents(answers: try await stream.subscribe(Self.path(node, "attach"), attachment.json))
        } catch let fault as CallFault {
            throw KinError(fault)
        }
    }

    public func write(_ bytes: [UInt8]) async throws {
        try await call("write", TerminalInput(id: id, bytes: bytes).json)
    }

    public func resize(to size: TerminalSize) async throws {
        try await call("resize", TerminalResize(id: id, size: size).json)
    }

    /// Nothing to do: whoever stops listening is detached.
    public func detach() async {}

    public func close() async throws { try await call("close", TerminalReference(id: id).json) }

    private func call(_ operation: String, _ input: JSON) async throws(KinError) {
        try await Self.read(stream, node, operation, input) { _ throws(WireError) in }
    }

    private static func read<Answer>(
        _ stream: CallStream, _ node: String, _ operation: String, _ input: JSON,
        _ read: (JSON) throws(WireError) -> Answer
    ) async throws(KinError) -> Answer {
        let answer: JSON
        do { answer = try await stream.call(path(node, operation), input) } catch {
            throw (error as? CallFault).map { KinError($0) } ?? KinError(reporting: error)
        }
        do { return try read(answer) } catch {
            throw KinError("answer_invalid", "\(node) answered what this kin does not understand: \(error.message)")
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
