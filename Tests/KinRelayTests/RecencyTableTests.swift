import KinTesting
import Testing

@testable import KinRelay

@Suite struct RecencyTableTests {
    @Test("it agrees with a plain list, whatever is set and removed")
    func model() {
        var generator = SeededGenerator(seed: 4)
        var table = RecencyTable<Int, Int>()
        var model: [(key: Int, value: Int)] = []
        for step in 0..<4_000 {
            let key = generator.number(in: 0..<40)
            switch generator.number(in: 0..<4) {
            case 0:
                table[key] = nil
                model.removeAll { $0.key == key }
            case 1:
                table.removeOldest()
                if !model.isEmpty { model.removeFirst() }
            default:
                table[key] = step
                model.removeAll { $0.key == key }
                model.append((key, step))
            }
            #expect(table.count == model.count)
            #expect(table.oldest?.key == model.first?.key && table.oldest?.value == model.first?.value)
            #expect(table[key] == model.first { $0.key == key }?.value)
        }
    }
}
