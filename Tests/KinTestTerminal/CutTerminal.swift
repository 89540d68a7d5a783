import Foundation
public import KinCommands
import KinTerminal
public import KinWire

/// A terminal of this process that is out of reach for as long as a file is there.
public struct CutTerminal: AttachedTerminal {
    private static let look = Duration.milliseconds(5)
    private static let unreachable = KinError("device_offline", "it is cut off", category: .unreachable)

    private let terminal: LocalTerminal
    private let file: String

    public init(_ terminal: LocalTerminal, whileThere file: String) {
        self.terminal = terminal
        self.file = file
    }

    public var name: String { terminal.name }
    public var comeBack: String { terminal.comeBack }

    public func events(from start: TerminalStart, size: TerminalSize?) async throws -> any AttachedEvents {
        try mustBeInReach()
        return CutEvents(events: try await terminal.events(from: start, size: size), terminal: self)
    }

    public func check() async throws {
        try mustBeInReach()
        try await terminal.check()
    }

    public func write(_ bytes: [UInt8]) async throws {
        try mustBeInReach()
        try await terminal.write(bytes)
    }

    public func resize(to size: TerminalSize) async throws {
        try mustBeInReach()
        try await terminal.resize(to: size)
    }

    public func detach() async {}

    public func close() async throws {
        try mustBeInReach()
        try await terminal.close()
    }

    private func mustBeInReach() throws {
        if FileManager.default.fileExists(atPath: file) { throw Self.unreachable }
    }

    fileprivate func waitForCut() async throws {
        while true {
            try mustBeInReach()
            try await Task.sleep(for: Self.look)
        }
    }
}

private struct CutEvents: AttachedEvents {
    let events: any AttachedEvents
    let terminal: CutTerminal

    func next() async throws -> TerminalEvent? {
        try await withThrowingTaskGroup(of: TerminalEvent?.self) { group in
            group.addTask { try await events.next() }
            group.addTask {
                try await terminal.waitForCut()
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}
