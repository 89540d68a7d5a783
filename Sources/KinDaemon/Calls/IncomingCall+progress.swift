import KinCalls
import KinEncoding
import KinFileAccess
import KinWire

extension IncomingCall {
    /// Answers how far a long work is while it goes on: `{"checked": bytes}`. Whoever wants one answer gets the last alone.
    func tellingProgress<T: Sendable>(
        _ work: @escaping @Sendable (@escaping @Sendable (Int64) -> Void) async throws -> T
    ) async throws -> T {
        guard !endsWithFirst else { return try await work { _ in } }
        let (steps, continuation) = AsyncStream.makeStream(of: Int64.self, bufferingPolicy: .bufferingNewest(1))
        // Told beside the work: who reads slowly does not hold it up.
        async let telling: Void = tell(steps)
        let outcome: Result<T, any Error>
        do { outcome = .success(try await work { continuation.yield($0) }) } catch { outcome = .failure(error) }
        continuation.finish()
        await telling
        return try outcome.get()
    }

    private func tell(_ steps: AsyncStream<Int64>) async {
        for await bytes in steps { try? await respond(.object(["checked": .integer(bytes)])) }
    }
}

extension FileDigest {
    var json: JSON { .object(["sha256": .hex(sha256), "version": .string(version)]) }
}
