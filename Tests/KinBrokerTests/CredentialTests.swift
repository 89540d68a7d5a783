import KinBroker
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite("Join credentials at the broker") struct CredentialTests {
    let bench: BrokerBench
    let ticket: JoinTicket

    init() async throws {
        bench = try BrokerBench()
        ticket = try await bench.family.ticket(uses: 2)
    }

    private func connect(
        _ device: TestDevice, showing credential: JoinCredential?, at bench: BrokerBench
    ) async throws -> TestDaemon {
        let daemon = try await bench.connect(device)
        let shown = credential.map { [MeshFrame.credential(CredentialFrame(credential: $0)).encoded()] } ?? []
        daemon.receive(shown + [daemon.hello(now: bench.clock.now).encoded(), daemon.featureRequest().encoded()])
        return daemon
    }

    private func joins(_ device: TestDevice, showing credential: JoinCredential?, at bench: BrokerBench? = nil)
        async throws
    {
        _ = try await connect(device, showing: credential, at: bench ?? self.bench).readList()
    }

    private func refusal(_ device: TestDevice, showing credential: JoinCredential?) async throws -> String {
        let daemon = try await connect(device, showing: credential, at: bench)
        let code = try await daemon.error().code
        #expect(try await daemon.sink.closure().code == .unauthorized)
        return code
    }

    @Test("as many join as it allows, and whoever joined comes back, with or without it, and after a restart")
    func uses() async throws {
        let devices = try (0..<3).map { _ in try bench.family.device(by: ticket) }
        for device in devices.prefix(2) { try await joins(device, showing: ticket.credential) }
        #expect(try await refusal(devices[2], showing: ticket.credential) == "credential_used_up")
        for credential in [ticket.credential, nil] { try await joins(devices[0], showing: credential) }
        let later = try bench.restarted()
        try await joins(devices[1], showing: nil, at: later)
        let daemon = try await connect(devices[2], showing: ticket.credential, at: later)
        #expect(try await daemon.error().code == "credential_used_up")
    }

    @Test("without a valid one of that very issuer nobody joins by such a key")
    func needed() async throws {
        let device = try bench.family.device(by: ticket)
        let other = try await bench.family.ticket(uses: 100)
        var raised = ticket.credential
        raised.uses = 100
        let ended = try await bench.family.ticket(uses: 1, lifetime: 1)
        bench.clock.advance(by: 2)
        #expect(try await refusal(device, showing: nil) == "credential_needed")
        #expect(try await refusal(device, showing: other.credential) == "credential_needed")
        #expect(try await refusal(device, showing: raised) == "credential_needed")
        #expect(try await refusal(bench.family.device(by: ended), showing: ended.credential) == "unauthorized")
    }

    @Test("nobody is smuggled in by another member's introduction")
    func introduced() async throws {
        let owner = try await bench.join()
        owner.receive(.memberPut(MemberPut(chain: try bench.family.device(by: ticket).chain)))
        #expect(try await owner.error().code == "chain_invalid")
    }

    @Test("once the wallet revoked it, who joined by it is out, and nobody joins any more")
    func revoked() async throws {
        let joined = try await connect(bench.family.device(by: ticket), showing: ticket.credential, at: bench)
        _ = try await joined.readList()
        let owner = try await bench.join()
        let proof = try await bench.family.revocationByWallet(of: ticket.credential.credential)
        owner.receive(.revocations(Revocations(entries: [proof])))
        #expect(try await joined.sink.closure().code == .memberRevoked)
        let late = try await connect(bench.family.device(by: ticket), showing: ticket.credential, at: bench)
        #expect(try await late.sink.closure().code == .memberRevoked)
    }
}
