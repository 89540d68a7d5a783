import KinCalls
import KinDaemonAPI
import KinEncoding
import KinTesting
import KinWire

@testable import KinDaemon

/// Terminals of a device, over the local API of another.
struct Studio {
    let calls: DaemonCalls
    let node: String

    init(
        _ daemon: TestDaemon, node: String = "/studio", now: @escaping @Sendable () -> Int64 = realNow
    ) async throws {
        calls = try await daemon.client.calls(now: now)
        self.node = node
    }

    func close() { calls.close() }

    func call(_ operation: String, _ input: JSON, under key: String? = nil) async throws -> JSON {
        try await calls.stream.call(path(operation), input, under: key)
    }

    private func path(_ operation: String) throws -> OperationPath {
        try OperationPath("\(node)/term/\(operation)").orThrow("a path")
    }

    func open(
        _ script: String, name: String = "", size: TerminalSize? = nil, isPlain: Bool = false
    ) async throws -> TerminalInfo {
        let request = TerminalRequest(
            name: name, command: ["/bin/sh", "-c", script], size: size ?? .usual, isPlain: isPlain)
        return try TerminalInfo(json: try await call("open", request.json))
    }

    func list() async throws -> [TerminalInfo] {
        try TerminalInfo.list(json: try await call("list", .object([:])))
    }

    func type(_ text: String, _ id: ULID) async throws {
        _ = try await call("write", TerminalInput(id: id, bytes: Array(text.utf8)).json)
    }

    func end(_ id: ULID) async throws -> TerminalExit {
        try TerminalExit(json: try await call("close", TerminalReference(id: id).json))
    }

    func attach(_ id: ULID, from start: TerminalStart = .screen) async throws -> Screen {
        Screen(try await calls.stream.subscribe(try path("attach"), TerminalAttachment(id: id, start: start).json))
    }
}

/// What came from a terminal. For one task.
final class Screen {
    let answers: CallSubscription
    private(set) var bytes: [UInt8] = []

    init(_ answers: CallSubscription) { self.answers = answers }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    private func next() async throws -> TerminalEvent {
        let json = try await answers.next(by: .now + .seconds(20)).orThrow("more than \(text.debugDescription)")
        let event = try TerminalEvent(json: json)
        switch event {
        case .screen(_, let more), .output(_, let more): bytes += more
        case .gap, .exited: break
        }
        return event
    }

    func sees(_ part: String) async throws {
        while !text.contains(part) { _ = try await next() }
    }

    func exit() async throws -> TerminalExit {
        while true {
            if case .exited(let exit) = try await next() { return exit }
        }
    }
}
