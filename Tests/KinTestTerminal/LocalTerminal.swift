public import KinCommands
public import KinEncoding
public import KinTerminal
public import KinWire
import Synchronization

/// A terminal of this process, as the near end of `kin attach` uses one of another machine.
public final class LocalTerminal: AttachedTerminal {
    public let name: String
    public let id: ULID
    private let terminals: Terminals

    public init(_ terminals: Terminals, name: String, request: TerminalRequest) throws {
        self.terminals = terminals
        self.name = name
        id = try terminals.open(request).id
    }

    public var comeBack: String { "kin attach \(name)" }
    public var info: TerminalInfo { get throws { try terminals.info(of: id) } }

    public func events(from start: TerminalStart, size: TerminalSize?) async throws -> any AttachedEvents {
        try terminals.attach(to: id, from: start, size: size)
    }

    public func check() async throws { _ = try info }

    public func write(_ bytes: [UInt8]) async throws { try await terminals.write(bytes, to: id) }

    public func resize(to size: TerminalSize) async throws { try terminals.resize(id, to: size) }

    public func detach() async {}

    public func close() async throws { try await terminals.close(id) }
}

extension Terminals {
    /// Of this user, with identifiers that count.
    public static func local(grace: Duration = .milliseconds(300), environment: [String: String]) -> Terminals {
        let count = Counter()
        return Terminals(
            limits: TerminalLimits(grace: grace), account: .current(environment: environment), environment: environment,
            now: { 0 }, newID: { ULID(milliseconds: 0, randomness: Array(repeating: 0, count: 9) + [count.next()]) })
    }
}

private final class Counter: Sendable {
    private let value = Mutex(UInt8(0))

    func next() -> UInt8 {
        value.withLock { value in
            value &+= 1
            return value
        }
    }
}
