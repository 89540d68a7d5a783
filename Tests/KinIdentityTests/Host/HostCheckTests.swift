import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct HostCheckTests {
    private let folder: TemporaryFolder
    private let state: StateFolder
    private let here = TestHost(etc: HostFingerprintTests.id, macs: ["eth0": 1])
    private let elsewhere = TestHost(etc: HostFingerprintTests.id, macs: ["eth0": 2])

    init() throws {
        folder = try TemporaryFolder()
        state = StateFolder(root: folder.file("home"))
        try state.prepare()
    }

    private func check(_ host: TestHost) -> HostCheck { HostCheck(state, reader: host.reader) }

    @Test("the first start writes the fingerprint, later ones compare")
    func starts() throws {
        #expect(try check(here).run(.refuse) == .firstStart)
        #expect(try check(here).run(.refuse) == .same)
    }

    @Test("on another machine it is refused, naming both ways on")
    func refused() throws {
        _ = try check(here).run(.refuse)
        for _ in 0..<2 {
            let error = #expect(throws: KinError.self) { try check(elsewhere).run(.refuse) }
            #expect(error?.code == "clone_suspected")
            #expect(error?.category == .refused)
            #expect(error?.message.contains("kin daemon accept-host") == true)
            #expect(error?.message.contains("kin daemon remint") == true)
        }
        #expect(try check(here).run(.refuse) == .same)
    }

    @Test("other policies let it start and change nothing", arguments: [ClonePolicy.warn, .allow])
    func policies(policy: ClonePolicy) throws {
        _ = try check(here).run(policy)
        #expect(try check(elsewhere).run(policy) == .differs)
        #expect(try check(elsewhere).run(policy) == .differs)
    }

    @Test("accepting makes the other machine the home's own")
    func accept() throws {
        _ = try check(here).run(.refuse)
        #expect(try !check(here).accept())
        #expect(try check(elsewhere).accept())
        #expect(try check(elsewhere).run(.refuse) == .same)
        #expect(throws: KinError.self) { try check(here).run(.refuse) }
    }

    @Test("accepting mends a damaged file, whatever the policy was")
    func damaged() throws {
        let path = state.daemon() + "/host_fingerprint.json"
        try StateFolder.write([1, 2], to: path, mode: 0o600)
        #expect(throws: KinError.self) { try check(here).run(.allow) }
        #expect(try check(here).accept())
        #expect(try check(here).run(.refuse) == .same)
    }
}
