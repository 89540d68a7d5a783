import KinEncoding
import KinTesting

/// Damages JSON as somebody might who knows the format: a value of another type or at a bound, a member too many, too few or of another place.
struct JSONDamage {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// The first line of `bytes`, where it is JSON, with one to three changes, in canonical form; what follows stays.
    mutating func damage(_ bytes: [UInt8]) -> [UInt8] {
        let lines = bytes.split(separator: 10, maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = lines.first, var json = try? JSON.parse(Array(first)) else { return bytes }
        for _ in 0...generator.number(in: 0..<3) { json = change(json) }
        return json.canonicalBytes() + lines.dropFirst().flatMap { [10] + $0 }
    }

    /// Goes down a random way and changes what it ends at.
    private mutating func change(_ json: JSON) -> JSON {
        switch json {
        case .object(var members) where !members.isEmpty && !generator.oneIn(6):
            let name = pick(members.keys.sorted())
            switch generator.number(in: 0..<8) {
            case 0: members[name] = nil
            case 1: members[name + "x"] = members[name]
            case 2: members[pick(members.keys.sorted())] = members[name]
            default: members[name] = members[name].map { change($0) }
            }
            return .object(members)
        case .array(var items) where !items.isEmpty && !generator.oneIn(6):
            let place = generator.number(in: 0..<items.count)
            switch generator.number(in: 0..<6) {
            case 0: items.remove(at: place)
            case 1: items.insert(items[place], at: generator.number(in: 0..<items.count))
            case 2: items += Array(repeating: items[place], count: generator.number(in: 1..<300))
            default: items[place] = change(items[place])
            }
            return .array(items)
        case .string(let text) where !generator.oneIn(3): return .string(change(text))
        case .integer(let number) where !generator.oneIn(3):
            return .integer(number &+ Int64(generator.number(in: -2..<3)))
        case .bool(let value) where !generator.oneIn(3): return .bool(!value)
        default: return other()
        }
    }

    private mutating func change(_ text: String) -> String {
        switch generator.number(in: 0..<6) {
        case 0: String(text.dropLast())
        case 1: text + text
        case 2: text.uppercased()
        case 3: String(text.reversed())
        case 4: text + pick(["\u{0}", "é", "e\u{301}", "\u{2028}", "😀", " ", "\n", "0"])
        default: String(text.dropFirst(generator.number(in: 0..<text.count + 1)))
        }
    }

    private mutating func other() -> JSON {
        switch generator.number(in: 0..<7) {
        case 0: .null
        case 1: .bool(generator.oneIn(2))
        case 2, 3:
            .integer(pick([0, 1, -1, 255, 256, 257, (1 << 53) - 1, 1 << 53, .max, .min]))
        case 4: .number(pick([0.5, -0.5, 1e300, 2.5e-308]))
        case 5: .string(pick(["", "a", String(repeating: "z", count: 600), "00000000000000000000000000"]))
        default: pick([.array([]), .object([:]), .array([.null]), .object(["": .null])])
        }
    }

    private mutating func pick<T>(_ choices: [T]) -> T { choices[generator.number(in: 0..<choices.count)] }
}
