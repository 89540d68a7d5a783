import Foundation
import KinEncoding

/// `kin attach` until its first prompt, and from a key to its echo, beside `ssh`: both on a terminal of their own, with the same shell.
struct AttachMeasurements {
    private static let times = 15

    let kin: String
    let folder: String
    let python: String
    /// `Benchmarks/peers/terminals.py`.
    let script: String

    func printRows() throws {
        let family = try BenchFamily(kin: kin, under: folder, names: ["laptop", "kiosk"])
        family.settle()
        let home = "KINDRED_HOME=\(family.folder)/1"
        let first = try run(["/usr/bin/env", home, kin, "attach", "kiosk", "--run"], times: 1)
        let ours = try run(["/usr/bin/env", home, kin, "attach", "kiosk", "--run"], times: Self.times)
        let ssh = try? run(["--ssh"], times: Self.times)
        Table.line("`kin attach` until its prompt, the first time: a link is opened", p50: first.prompt)
        Table.line(
            "`kin attach` until its prompt, later, median of \(Self.times)", p50: ours.prompt,
            beside(ours.prompt, ssh?.prompt))
        if let ssh { Table.line("`ssh` until its prompt, median of \(Self.times)", p50: ssh.prompt) }
        Table.line("`kin attach`, from a key to its echo", p50: ours.p50, p99: ours.p99, beside(ours.p50, ssh?.p50))
        if let ssh { Table.line("`ssh`, from a key to its echo", p50: ssh.p50, p99: ssh.p99) }
    }

    private func beside(_ ours: Double, _ peer: Double?) -> String {
        peer.map { String(format: "p50 %.1f × ssh", ours / $0) } ?? ""
    }

    private func run(_ command: [String], times: Int) throws -> (prompt: Double, p50: Double, p99: Double) {
        let text = try PeerProcess.output(python, [script, "\(times)"] + command)
        guard let report = try? JSON.parse(Array(text.utf8)), case .array(let prompts) = report["prompt"],
            let p50 = report.figure("echo_p50"), let p99 = report.figure("echo_p99")
        else { throw BenchError("\(script) measured nothing: \(text)") }
        let sorted = prompts.compactMap(\.double).sorted()
        guard !sorted.isEmpty else { throw BenchError("\(script) saw no prompt") }
        return (sorted[sorted.count / 2], p50, p99)
    }
}
