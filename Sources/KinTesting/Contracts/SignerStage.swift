import KinWire

/// A signer under test, with what its owner can do to it.
public struct SignerStage<Signer: Sendable>: Sendable {
    public let signer: Signer
    /// From now on every request is refused: the vault is locked, the person says no.
    public let refuse: @Sendable () async throws -> Void
    /// From now on whoever is behind the signer has other keys: another phrase is unlocked, another phone answers.
    public let swapKeys: @Sendable () async throws -> Void
    /// From now on no request is answered; nil where the signer waits for nobody.
    public let stall: (@Sendable () async throws -> Void)?

    public init(
        signer: Signer, refuse: @escaping @Sendable () async throws -> Void,
        swapKeys: @escaping @Sendable () async throws -> Void, stall: (@Sendable () async throws -> Void)? = nil
    ) {
        self.signer = signer
        self.refuse = refuse
        self.swapKeys = swapKeys
        self.stall = stall
    }
}

/// What the contracts of all signers have in common.
enum SignerEnding {
    /// How a request ended that must not give a signature.
    static func error(of request: () async throws -> [UInt8], _ what: String) async throws -> any Error {
        let signature: [UInt8]
        do { signature = try await request() } catch { return error }
        throw ContractViolation(description: "\(what): a signature of \(signature.count) bytes")
    }

    static func requireRefusal(_ request: () async throws -> [UInt8], _ what: String) async throws {
        let error = try await error(of: request, what)
        try require((error as? KinError)?.category == .refused, "\(what): \(error) instead of a refusal")
    }

    static func requireCancellation(_ request: () async throws -> [UInt8], _ what: String) async throws {
        let error = try await error(of: request, what)
        try require(error is CancellationError, "\(what): \(error) instead of CancellationError")
    }

    static func requireTimeout(_ request: () async throws -> [UInt8], _ what: String) async throws {
        let error = try await error(of: request, what)
        guard let error = error as? KinError else {
            throw ContractViolation(description: "\(what): \(error) instead of signer_timeout")
        }
        try requireEqual(error.code, "signer_timeout", what)
        try require(error.retryable, "\(what): a time-out may be tried again")
    }

    /// A request of a task that is cancelled before it begins.
    static func cancelledBefore(_ request: @escaping @Sendable () async throws -> [UInt8]) async throws -> [UInt8] {
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await request()
        }
        task.cancel()
        return try await task.value
    }

    /// A request that is cancelled while nobody answers it.
    static func cancelledWaiting(_ request: @escaping @Sendable () async throws -> [UInt8]) async throws -> [UInt8] {
        let begun = Observed(false)
        let task = Task {
            begun.update { $0 = true }
            return try await request()
        }
        try await begun.wait { $0 }
        for _ in 0..<100 { await Task.yield() }
        task.cancel()
        return try await task.value
    }
}
