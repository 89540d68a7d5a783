import KinTesting
import KinWire
import Testing

extension TestDaemon {
    /// The opening was refused with `code`, and whatever was on its way when the socket was closed does not count.
    func expectRefused(
        _ bench: BrokerBench, code: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let error = try await error()
        let closure = try await sink.closure()
        #expect(error.code == code, sourceLocation: sourceLocation)
        #expect(closure == .init(code: .unauthorized, reason: code), sourceLocation: sourceLocation)
        receive([hello(now: bench.clock.now).encoded(), featureRequest().encoded()])
        _ = try await bench.join()
        #expect(bench.broker.connectedMembers == 1, sourceLocation: sourceLocation)
        #expect(sink.messages.allSatisfy { $0.type != "ready" }, sourceLocation: sourceLocation)
        #expect(sink.closures.count == 1, sourceLocation: sourceLocation)
    }
}
