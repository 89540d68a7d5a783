import Testing

@testable import KinDemo

@Suite("What arrived held against what was sent")
struct DeliveryTests {
    private let lines = ["a", "b", "c", "d"]

    private func delivery(_ indices: [Int], change: (inout [Delivery.Arrival]) -> Void = { _ in }) -> Delivery {
        var arrivals = indices.map { Delivery.Arrival(index: $0, body: lines[$0]) }
        change(&arrivals)
        return Delivery(lines: lines, arrivals: arrivals)
    }

    @Test("everything in order, once, is complete, with equal checksums")
    func complete() {
        let delivery = delivery([0, 1, 2, 3])
        #expect(delivery.isComplete)
        // printf 'a\nb\nc\nd\n' | sha256sum
        #expect(delivery.sentDigest == "cf2c7f63055d2e84af6e3f01ac1bb7fce598d20cf213fab2b56b8e8047b46ced")
        #expect(delivery.receivedDigest == delivery.sentDigest)
    }

    @Test("a line that is missing is counted")
    func missing() {
        let delivery = delivery([0, 1, 3])
        #expect(delivery.missing == 1)
        #expect(!delivery.isComplete)
        #expect(delivery.outOfOrder == 0)
    }

    @Test("a line that came twice is counted")
    func repeated() {
        let delivery = delivery([0, 1, 1, 2, 3])
        #expect(delivery.repeated == 1)
        #expect(delivery.missing == 0)
        #expect(!delivery.isComplete)
    }

    @Test("a line that came late is counted")
    func late() {
        let delivery = delivery([0, 2, 1, 3])
        #expect(delivery.outOfOrder == 1)
        #expect(delivery.missing == 0)
        #expect(!delivery.isComplete)
    }

    @Test("a line that was changed shows in the checksum")
    func changed() {
        let delivery = delivery([0, 1, 2, 3]) { $0[2].body = "C" }
        #expect((delivery.missing, delivery.repeated, delivery.outOfOrder) == (0, 0, 0))
        #expect(!delivery.isComplete)
    }

    @Test("a message the demo never sent is no delivery")
    func stranger() {
        let delivery = delivery([0, 1, 2, 3]) { $0.append(Delivery.Arrival(index: nil, body: "x")) }
        #expect(!delivery.isComplete)
    }
}
