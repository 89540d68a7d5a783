import KinClient
import Testing

@Suite struct BackoffTests {
    @Test("waits double from a quarter of a second to four seconds, each with at most a quarter more")
    func doubling() {
        for _ in 0..<50 {
            var backoff = Backoff()
            for base in [250, 500, 1000, 2000, 4000, 4000, 4000] {
                let delay = backoff.delay()
                #expect(delay >= .milliseconds(base) && delay <= .microseconds(base * 1250))
            }
        }
    }

    @Test("chance is in it: many daemons do not come back at once")
    func chance() {
        let delays = (0..<50).map { _ in
            var backoff = Backoff()
            return backoff.delay()
        }
        #expect(Set(delays).count > 10)
    }

    @Test("after a success the waits start over")
    func reset() {
        var backoff = Backoff(first: .seconds(1), longest: .seconds(3))
        for _ in 0..<5 { _ = backoff.delay() }
        #expect(backoff.delay() >= .seconds(3))
        backoff.reset()
        #expect(backoff.delay() <= .milliseconds(1250))
        #expect((.seconds(2))...(.milliseconds(2500)) ~= backoff.delay())
    }
}
