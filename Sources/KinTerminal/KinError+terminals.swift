import KinEncoding
import KinWire

extension KinError {
    static func invalidRequest(_ message: String) -> KinError {
        KinError("terminal_request_invalid", message, category: .usage)
    }

    static func unknownTerminal(_ id: ULID) -> KinError {
        KinError(
            "unknown_terminal", "there is no terminal \(id): it was closed, or the daemon started again since",
            category: .notFound)
    }

    static func terminalLimit(_ limit: Int) -> KinError {
        KinError(
            "terminal_limit", "\(limit) terminals are open, which is as many as may be: close one first",
            category: .exhausted, retryable: true)
    }

    static let terminalsStopping = KinError(
        "terminals_stopping", "the daemon stops and opens no terminal any more", category: .busy, retryable: true)

    static let terminalEnded = KinError("terminal_ended", "the terminal's program has ended", category: .conflict)

    static let terminalBusy = KinError(
        "terminal_busy", "too many writes wait for the terminal's program to read", category: .busy, retryable: true)

    static func inputTooLarge(_ limit: Int) -> KinError {
        KinError("terminal_input_too_large", "one write has at most \(limit) bytes", category: .tooLarge)
    }

    static func commandNotFound(_ program: String) -> KinError {
        KinError("command_not_found", "there is no program \(program) to run", category: .notFound)
    }

    static func folderNotFound(_ folder: String) -> KinError {
        KinError("folder_not_found", "\(folder) is no folder that can be entered", category: .notFound)
    }

    /// - Parameter what: what the system refused.
    static func terminalFailed(_ what: String, _ reason: String) -> KinError {
        KinError("terminal_failed", "\(what): \(reason)", retryable: true)
    }
}
