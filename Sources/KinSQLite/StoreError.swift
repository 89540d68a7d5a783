/// Why a store cannot be used.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: String, CaseIterable, Sendable {
        /// The file cannot be opened or created.
        case unavailable = "store_unavailable"
        /// The file fails SQLite's integrity check.
        case corrupt = "store_corrupt"
        /// A newer version of kin wrote it.
        case newerSchema = "store_newer_schema"
        /// The disk is full.
        case full = "storage_full"
        /// The store is shutting down.
        case closed = "store_closed"
        /// Anything else SQLite says.
        case failed = "store_failed"
    }

    public var code: Code
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(message) (\(code.rawValue))" }
}
