import Foundation

// kin-fuzz [--seconds N] [--seed N] [--corpus FOLDER] [--findings FOLDER] [--target NAME]: the parent, for people.
// kin-fuzz --target NAME --input FILE: one input, in this process.
// kin-fuzz --target NAME … --current FILE: the child, which the parent starts.

func option(_ name: String) -> String? {
    let arguments = CommandLine.arguments
    guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return nil }
    return arguments[index + 1]
}

func seconds() -> Double { option("--seconds").flatMap { Double($0) } ?? 60 }

func chosen() throws -> [FuzzTarget] {
    guard let name = option("--target") else { return FuzzTarget.all }
    let found = FuzzTarget.all.filter { $0.name == name }
    guard !found.isEmpty else {
        throw BrokenPromise("no target \(name); there are \(FuzzTarget.all.map(\.name).joined(separator: ", "))")
    }
    return found
}

do {
    let (corpus, seed) = (option("--corpus") ?? "Fuzz/corpus", option("--seed").flatMap { UInt64($0) } ?? 1)
    let targets = try chosen()
    if let file = option("--input") {
        let isRead = try targets[0].check([UInt8](Data(contentsOf: URL(filePath: file))))
        print(isRead ? "read" : "refused")
    } else if let current = option("--current") {
        // A check that does not end is ended.
        alarm(UInt32(seconds()) + 30)
        try FuzzRun(
            target: targets[0], seconds: seconds(), seed: seed,
            corpus: FuzzSession.inputs(of: targets[0], in: corpus), current: CurrentInput(current)
        ).run()
    } else {
        let session = FuzzSession(
            corpus: corpus, findings: option("--findings") ?? "Fuzz/findings", seconds: seconds(), seed: seed)
        exit(try session.run(targets) ? 0 : 1)
    }
} catch {
    FileHandle.standardError.write(Data("kin-fuzz: \(error)\n".utf8))
    exit(2)
}
