import KinTerminal
import KinWire

extension AttachEnd {
    /// As a shell counts it: the program's own where it ended.
    public var status: Int32 {
        switch self {
        case .detached, .unread: CommandStatus.ok.rawValue
        case .exited(let exit): exit.status
        case .lost(let error): CommandStatus(error).rawValue
        case .signalled(let signal): 128 + signal
        }
    }

    /// What stays on the screen once the terminal here is as it was: a line, or none.
    /// - Parameter terminals: those that run on.
    public func words(for terminals: [any AttachedTerminal]) -> String? {
        let ways = terminals.map { "\($0.name) runs on: come back with  \($0.comeBack)" }.joined(separator: "\n")
        switch self {
        case .detached, .signalled: return ways.isEmpty ? nil : "detached; \(ways)"
        case .lost(let error): return error.message + (ways.isEmpty ? "" : "; \(ways)")
        case .unread: return ways.isEmpty ? nil : "nobody reads the output any more; \(ways)"
        case .exited: return nil
        }
    }
}
