import Foundation
import KinTesting

/// Mutates a target's corpus for a while. Runs in a process of its own: a trap ends it, and the input is in `current`.
struct FuzzRun {
    let target: FuzzTarget
    let seconds: Double
    let seed: UInt64
    let corpus: [[UInt8]]
    let current: CurrentInput

    /// Inputs that were read are worth changing again; so many are kept beside the corpus.
    private static let mostKept = 512

    func run() throws {
        var mutation = Mutation(seed: seed, alphabet: target.alphabet)
        var generator = SeededGenerator(seed: seed &+ 1)
        var structure = JSONDamage(seed: seed &+ 2)
        var kept: [[UInt8]] = []
        var (runs, read) = (0, 0)
        for input in corpus {
            current.set(input)
            try promise(try target.check(input), "an input of the corpus is not read any more")
        }
        let end = Date.now.addingTimeInterval(seconds)
        repeat {
            let place = generator.number(in: 0..<corpus.count + kept.count)
            let other = corpus[generator.number(in: 0..<corpus.count)]
            var input = place < corpus.count ? corpus[place] : kept[place - corpus.count]
            if generator.oneIn(16) { input = splice(input, other, &generator) }
            let isStructured = target.isStructured && generator.oneIn(2)
            input = isStructured ? structure.damage(input) : mutation.damage(input)
            current.set(input)
            runs += 1
            guard try target.check(input) else { continue }
            read += 1
            if kept.count < Self.mostKept {
                kept.append(input)
            } else {
                kept[generator.number(in: 0..<kept.count)] = input
            }
        } while runs % 256 != 0 || Date.now < end
        let name = target.name.padding(toLength: 15, withPad: " ", startingAt: 0)
        print("\(name) \(runs) inputs, \(read) of them read")
    }

    private func splice(_ one: [UInt8], _ other: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        Array(
            one.prefix(generator.number(in: 0..<one.count + 1))
                + other.suffix(generator.number(in: 0..<other.count + 1)))
    }
}

/// The input at hand, in a file that outlives the process.
struct CurrentInput {
    private static let room = 1 << 20
    private let memory: UnsafeMutableRawPointer

    init(_ path: String) throws {
        let file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)
        guard file >= 0, ftruncate(file, off_t(Self.room)) == 0,
            let memory = mmap(nil, Self.room, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), memory != MAP_FAILED
        else { throw BrokenPromise("\(path) cannot be written") }
        close(file)
        self.memory = memory
    }

    func set(_ input: [UInt8]) {
        let count = min(input.count, Self.room - 8)
        memory.storeBytes(of: UInt64(count), as: UInt64.self)
        input.withUnsafeBytes {
            (memory + 8).copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(memory), byteCount: count)
        }
    }

    /// What the file at `path` holds.
    static func read(_ path: String) -> [UInt8] {
        guard let bytes = FileManager.default.contents(atPath: path), bytes.count >= 8 else { return [] }
        let count = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        return Array(bytes.dropFirst(8).prefix(count))
    }
}
