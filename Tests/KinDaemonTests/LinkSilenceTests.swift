import KinCalls
import KinClient
import KinIdentity
import KinLink
import KinTestServer
import KinTesting
import KinWire
import Testing

@testable import KinDaemon

/// A connection that stands and brings nothing over.
@Suite struct LinkSilenceTests {
    private static func session(patience: Duration) async throws -> LinkSession {
        let family = try TestFamily(now: realNow())
        let (caller, called) = (try await family.device(), try await family.device())
        let credentials = { (device: TestDevice) in
            LinkCredentials(
                chain: device.chain, key: device.keys.sealing, revocations: RevocationLedger(mesh: family.mesh),
                newest: { _ in nil })
        }
        var calling = try LinkInitiator(as: credentials(caller), to: called.verified(now: realNow()))
        var answering = LinkResponder(as: credentials(called))
        _ = try answering.read(calling.open(now: realNow()), now: realNow())
        let link = try LinkID([UInt8](repeating: 1, count: LinkID.byteCount)).orThrow("a link's id")
        let connection = try calling.finish(
            answering.answer(link: link, receivedThrough: nil, now: realNow()), now: realNow())
        return LinkSession(
            try Link(connection), answering: NodeResponder(operations: Operations()), patience: patience, now: realNow)
    }

    @Test("what is never acknowledged is a cut, after which the link can go on")
    func silent() async throws {
        let session = try await Self.session(patience: .milliseconds(200))
        let wire = DeafWire()
        let path = try OperationPath("/device/info").orThrow("a path")
        let call = Task { try? await session.calls.call(path) }
        defer { call.cancel() }
        let outcome = try await within(.seconds(20), "it is cut") { await session.link.run(over: wire) }
        guard case .broke(bySilence: true) = outcome, case .cut(let rest) = session.link.rest(of: 0) else {
            Issue.record("a connection that brings nothing over is cut, not \(outcome)")
            return
        }
        #expect(wire.closed.value == "nothing_acknowledged")
        #expect(rest.resumption(at: realNow()) != nil && rest.progress == 0)
        session.end(.linkLost)
    }

    @Test("who says nothing is owed nothing: an idle link stands")
    func idle() async throws {
        let session = try await Self.session(patience: .milliseconds(100))
        let wire = DeafWire()
        let running = Task { await session.link.run(over: wire) }
        await #expect(throws: Observed<String?>.TimedOut.self) {
            try await wire.closed.wait(within: .seconds(1)) { $0 != nil }
        }
        wire.close(code: 1000, reason: "done")
        guard case .broke = await running.value else {
            Issue.record("a carrier that ended cuts the link")
            return
        }
        session.end(.linkLost)
    }
}

/// Takes everything, and never says a word.
private final class DeafWire: LinkCarrier {
    /// Why it was closed.
    let closed = Observed<String?>(nil)

    func send(_ frame: [UInt8]) async throws(LinkEnd) {}

    func receive(within limit: Duration?) async throws(LinkEnd) -> [UInt8] {
        while (try? await closed.wait { $0 != nil }) == nil {}
        throw LinkEnd(.closed)
    }

    func close(code: UInt16, reason: String) { closed.update { $0 = $0 ?? reason } }
}
