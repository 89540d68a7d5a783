import Testing

@testable import KinDemo

@Suite("When the demo kills whom")
struct KillPlanTests {
    @Test("a seed repeats its plan, another makes another")
    func seed() {
        #expect(KillPlan(lines: 5000, times: 3, seed: 7) == KillPlan(lines: 5000, times: 3, seed: 7))
        #expect(KillPlan(lines: 5000, times: 3, seed: 7) != KillPlan(lines: 5000, times: 3, seed: 8))
    }

    @Test("every part is killed as often as asked, in the middle of the stream", arguments: [0, 1, 3, 20])
    func counts(times: Int) {
        let plan = KillPlan(lines: 5000, times: times, seed: 1)
        for part in DemoPart.killed { #expect(plan.kills.values.count { $0 == part } == times) }
        #expect(plan.kills.keys.allSatisfy { (500..<4500).contains($0) })
    }

    @Test("kills are spread: each stretch of the middle has one")
    func spread() {
        let moments = KillPlan(lines: 9000, times: 3, seed: 3).kills.keys.sorted()
        #expect(moments.count == 9)
        for (slot, moment) in moments.enumerated() {
            #expect((900 + 800 * slot..<900 + 800 * (slot + 1)).contains(moment))
        }
    }

    @Test("few lines bring few kills, and none bring none", arguments: [(0, 0), (1, 0), (4, 3), (10, 6)])
    func few(lines: Int, kills: Int) { #expect(KillPlan(lines: lines, times: 50, seed: 1).kills.count == kills) }
}
