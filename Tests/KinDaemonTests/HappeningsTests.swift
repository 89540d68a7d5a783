import Testing

@testable import KinDaemon

@Suite struct HappeningsTests {
    @Test("a wait without a happening takes its time, however often it is repeated")
    func quiet() async {
        let happenings = Happenings()
        let began = ContinuousClock.now
        for _ in 0..<5 { #expect(await !happenings.next(within: .milliseconds(40))) }
        #expect(ContinuousClock.now - began >= .milliseconds(200))
    }

    @Test("a happening ends a wait, also one after waits that ended by their time, and also one before the wait began")
    func happens() async {
        let happenings = Happenings()
        #expect(await !happenings.next(within: .milliseconds(20)))
        happenings.happened()
        happenings.happened()
        #expect(await happenings.next(within: .seconds(60)))
        let began = ContinuousClock.now
        let waiting = Task { await happenings.next(within: .seconds(60)) }
        happenings.happened()
        #expect(await waiting.value)
        #expect(ContinuousClock.now - began < .seconds(30))
    }

    @Test("a wait that is cancelled ends")
    func cancelled() async {
        let happenings = Happenings()
        let began = ContinuousClock.now
        let waiting = Task { await happenings.next(within: .seconds(60)) }
        waiting.cancel()
        _ = await waiting.value
        #expect(ContinuousClock.now - began < .seconds(30))
    }

    @Test("somebody without a name is looked for soon, then ever more rarely, until something happens")
    func eager() {
        var looks = DirectoryLooks()
        #expect(looks.pause(isSomebodyUnnamed: false) == .seconds(15))
        let pauses = (0..<7).map { _ in looks.pause(isSomebodyUnnamed: true) }
        #expect(pauses == [0.5, 1, 2, 4, 8, 15, 15].map { .seconds($0) })
        _ = looks.somethingHappened(at: .now)
        #expect(looks.pause(isSomebodyUnnamed: true) == .milliseconds(500))
    }

    @Test("one happening is answered at once; those of a crowd are gathered")
    func crowd() {
        var looks = DirectoryLooks()
        let start = ContinuousClock.now
        let waits = [0, 300, 600, 5_000, 5_999].map { looks.somethingHappened(at: start + .milliseconds($0)) }
        #expect(waits == [50, 250, 250, 50, 250].map { .milliseconds($0) })
    }
}
