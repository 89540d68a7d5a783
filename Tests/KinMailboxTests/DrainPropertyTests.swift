import Testing

@Suite struct DrainPropertyTests {
    @Test(
        "whatever is late, refused or cut off, every accepted message is taken once, acked, and in the order of its lane",
        arguments: UInt64(1)...60)
    func everythingArrivesInOrder(seed: UInt64) async {
        var world = DrainWorld(seed: seed)
        for step in 0..<800 {
            world.step()
            // Other tests want the thread too.
            if step.isMultiple(of: 50) { await Task.yield() }
        }
        world.settle()
        #expect(world.broken == [])
        #expect(world.broker.overtaken == [])
        #expect(world.waiting == 0)
        #expect(world.inFlight == 0)
        #expect(world.broker.taken == world.wanted)
        #expect(world.acked.mapValues { $0.sorted() } == world.wanted)
    }

    @Test("the world of that test does refuse, bury and take: it is not idle")
    func isNotIdle() {
        var world = DrainWorld(seed: 1)
        for _ in 0..<1000 { world.step() }
        world.settle()
        #expect(world.wanted.count == DrainWorld.lanes.count)
        #expect(world.wanted.values.contains { $0.count > 256 })
        #expect(world.dead.values.contains { !$0.isEmpty })
    }
}
