import Foundation
import KinCrypto
import KinEncoding

/// Runs targets one after the other, each in a child, and saves the inputs on which they end badly.
struct FuzzSession {
    let corpus: String
    let findings: String
    /// For all targets together.
    let seconds: Double
    let seed: UInt64

    /// - Returns: whether all went well.
    func run(_ targets: [FuzzTarget]) throws -> Bool {
        try FileManager.default.createDirectory(atPath: findings, withIntermediateDirectories: true)
        var wentWell = true
        for target in targets where try !run(target, seconds: seconds / Double(targets.count)) { wentWell = false }
        return wentWell
    }

    private func run(_ target: FuzzTarget, seconds: Double) throws -> Bool {
        let current = "\(findings)/.\(target.name).current"
        defer { try? FileManager.default.removeItem(atPath: current) }
        let child = Process()
        child.executableURL = URL(filePath: CommandLine.arguments[0])
        child.arguments = [
            "--target", target.name, "--seconds", "\(seconds)", "--seed", "\(seed)", "--corpus", corpus, "--current",
            current,
        ]
        child.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { _, new in
            new
        }
        try child.run()
        child.waitUntilExit()
        if child.terminationReason == .exit, child.terminationStatus == 0 { return true }
        let input = CurrentInput.read(current)
        let path = "\(findings)/\(target.name)-\(Hex.encode(Digest.sha256(input).prefix(6)))"
        try Data(input).write(to: URL(filePath: path))
        let end = child.terminationReason == .exit ? "broke a promise" : "ended by signal \(child.terminationStatus)"
        print("\(target.name): \(end); the input is \(path); again:  kin-fuzz --target \(target.name) --input \(path)")
        return false
    }

    /// The corpus files of one target, in the order of their names.
    static func inputs(of target: FuzzTarget, in corpus: String) throws -> [[UInt8]] {
        let folder = "\(corpus)/\(target.name)"
        let inputs = try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map {
            try [UInt8](Data(contentsOf: URL(filePath: "\(folder)/\($0)")))
        }
        guard !inputs.isEmpty else { throw BrokenPromise("\(folder) holds no input") }
        return inputs
    }
}
