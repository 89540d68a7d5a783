import KinDaemonAPI
import KinTesting
import KinWire
import Testing

@testable import KinCommands

/// When `kin up` says that it is up.
@Suite struct FirstAnswerTests {
    private func health(connected: Bool = false, _ error: String? = nil) -> DaemonHealth {
        DaemonHealth(
            broker: .init(address: "https://x", connected: connected, since: 1, lastError: error), relays: [],
            outboxPending: 0, outboxDead: 0, inboxCount: 0)
    }

    @Test("it waits for the broker's word, or for the reason that there is none")
    func word() async {
        let looks = Observed(0)
        let answers = [health(), health(), health(connected: true)]
        let broker = await FirstAnswer {
            defer { looks.update { $0 += 1 } }
            return answers[min(looks.value, 2)]
        }.wait()
        #expect(broker?.connected == true && looks.value == 3)
        let away = await FirstAnswer { [health] in health(false, "nothing listens\u{1b}") }.wait()
        #expect(away.map(FirstAnswer.note) == "https://x is not connected yet: nothing listens␛")
    }

    @Test("of a daemon that is gone again nothing is said")
    func gone() async {
        #expect(await FirstAnswer { throw KinError("daemon_not_running", "x", category: .unreachable) }.wait() == nil)
    }
}
