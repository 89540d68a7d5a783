import KinWire
import Testing

@testable import KinClient

@Suite struct MeshEndTests {
    @Test(
        "a close that would repeat itself is the end of the daemon",
        arguments: [
            (CloseCode.replacedByNewerConnection, "replaced_by_newer_connection"),
            (.memberAlreadyConnected, "member_already_connected"),
        ])
    func fatal(_ code: CloseCode, _ name: String) {
        guard case .fatal(let error) = MeshEnd.closed(code: code.rawValue, reason: "whatever the peer wrote") else {
            Issue.record("\(name) is fatal")
            return
        }
        #expect(error.code == name && error.category == .refused && !error.retryable)
        #expect(!error.message.contains("whatever the peer wrote"))
    }

    @Test(
        "every other close is a lost connection, with the server's reason",
        arguments: [
            UInt16(1000), 1001, 1006, 1009, 1011, 4000, 4001, 4005, 4008, 4010, 4999,
        ])
    func lost(_ code: UInt16) {
        #expect(MeshEnd.closed(code: code, reason: "server_draining") == .lost("server_draining"))
    }

    @Test("a server's word alone ends no device: a revocation without proof may be tried again")
    func unproven() {
        guard case .refused(let code, _) = MeshEnd.closed(code: 4002, reason: "member_revoked") else {
            Issue.record("it is refused")
            return
        }
        #expect(code == "member_revoked")
    }

    @Test("a close without a word is told as such")
    func silent() {
        #expect(MeshEnd.closed(code: nil, reason: "") == .lost("the server closed the connection"))
        #expect(MeshEnd.closed(code: 1001, reason: "") == .lost("the server closed the connection"))
        #expect(MeshEnd.closed(code: nil, reason: "connection reset") == .lost("connection reset"))
    }

    @Test("each end has one line for people")
    func reasons() {
        #expect(MeshEnd.lost("gone").reason == "gone")
        #expect(
            MeshEnd.refused(code: "clock_skew", message: "the clocks differ").reason == "the clocks differ (clock_skew)"
        )
        #expect(MeshEnd.fatal(KinError("member_revoked", "no longer")).reason == "no longer (member_revoked)")
    }
}
