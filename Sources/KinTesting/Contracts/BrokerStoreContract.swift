import KinBroker
import KinWire

/// What every `BrokerStore` must do, one case a promise. A store's own tests run each case against it.
public struct BrokerStoreContract: Sendable {
    /// Opens the store that lives in a folder, creating it where there is none.
    public typealias Open = @Sendable (_ folder: String) throws -> any BrokerStore

    public struct Case: Sendable, CustomStringConvertible {
        public let description: String
        let run: @Sendable (StoreBench) async throws -> Void

        init(_ description: String, _ run: @escaping @Sendable (StoreBench) async throws -> Void) {
            self.description = description
            self.run = run
        }
    }

    public static let cases =
        acceptance + admission + reading + history + topics + positions + membership + blobs + lifetime

    private let open: Open

    public init(open: @escaping Open) { self.open = open }

    /// - Parameter wary: how batches are handed in.
    /// - Throws: `ContractViolation` where the store breaks the promise.
    public func check(_ promise: Case, wary: Bool) async throws {
        let bench = try await StoreBench(open: open, isWary: wary)
        do { try await promise.run(bench) } catch {
            bench.store.close()
            throw error
        }
        bench.store.close()
    }
}
