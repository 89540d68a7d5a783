import KinTesting
import Testing

@testable import KinRelay

@Suite struct ConnectionRateTests {
    let rate = Rate()

    @Test("an address may open 20 connections in any one second")
    func limit() {
        for turn in 0..<20 { #expect(rate.allows("192.0.2.1", at: Int64(turn) * 10)) }
        #expect(!rate.allows("192.0.2.1", at: 500))
        #expect(!rate.allows("192.0.2.1", at: 999))
        #expect(rate.allows("192.0.2.1", at: 1000))
        #expect(!rate.allows("192.0.2.1", at: 1009))
        #expect(rate.allows("192.0.2.1", at: 1010))
    }

    @Test("a flood still gets 20 a second")
    func flood() {
        let allowed = (0..<10_000).filter { rate.allows("192.0.2.1", at: Int64($0)) }.count
        #expect(allowed == 200)
    }

    @Test("one address does not use up another's share")
    func separate() {
        for _ in 0..<30 { _ = rate.allows("192.0.2.1", at: 0) }
        #expect(rate.allows("192.0.2.2", at: 0))
    }

    @Test("an IPv6 customer's /64 counts as one, the next /64 does not")
    func network() {
        for host in 0..<20 { #expect(rate.allows("2001:db8:0:1::\(String(host, radix: 16))", at: 0)) }
        #expect(!rate.allows("2001:db8:0:1:ffff:ffff:ffff:ffff", at: 0))
        #expect(!rate.allows("2001:0DB8:0000:0001::77%eth0", at: 0))
        #expect(rate.allows("2001:db8:0:2::1", at: 0))
    }

    @Test("an IPv4 address is the same one through an IPv6 socket")
    func mapped() {
        for _ in 0..<20 { #expect(rate.allows("::ffff:192.0.2.1", at: 0)) }
        #expect(!rate.allows("192.0.2.1", at: 0))
        #expect(rate.allows("::ffff:192.0.2.2", at: 0))
    }

    @Test(
        "loopback is never limited",
        arguments: ["127.0.0.1", "127.1.2.3", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::1%lo"])
    func loopback(address: String) {
        for _ in 0..<100 { #expect(rate.allows(address, at: 0)) }
    }

    @Test(
        "what only looks like loopback is limited",
        arguments: ["128.0.0.1", "::2", "1::1", "::127.0.0.1", "localhost", ""])
    func notLoopback(address: String) {
        for _ in 0..<20 { #expect(rate.allows(address, at: 0)) }
        #expect(!rate.allows(address, at: 0))
    }

    @Test("addresses are forgotten a second after they were last let in")
    func sweeps() {
        for host in 0..<250 { _ = rate.allows("192.0.2.\(host)", at: Int64(host)) }
        #expect(rate.trackedAddresses == 250)
        _ = rate.allows("198.51.100.1", at: 1_100)
        #expect(rate.trackedAddresses == 150)
        _ = rate.allows("198.51.100.1", at: 10_000)
        #expect(rate.trackedAddresses == 1)
    }

    @Test("no number of addresses takes more memory than the bound")
    func bounded() {
        let rate = Rate(ConnectionRate(maxAddresses: 100))
        for number in 0..<2_000 {
            #expect(rate.allows("10.0.\(number / 250).\(number % 250)", at: 0) && rate.trackedAddresses <= 100)
        }
    }
}

/// A rate by reference.
final class Rate {
    private var rate: ConnectionRate

    init(_ rate: ConnectionRate = ConnectionRate()) { self.rate = rate }

    var trackedAddresses: Int { rate.trackedAddresses }

    func allows(_ address: String, at now: Int64) -> Bool { rate.allows(address, now: now) }
}
