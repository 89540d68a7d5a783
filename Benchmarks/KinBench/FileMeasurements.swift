import Foundation
import KinEncoding

/// One large file from daemon to daemon, beside scp over loopback: what `Chaos/files.py` does without kills.
struct FileMeasurements {
    let kin: String
    let python: String
    /// `Chaos/files.py`.
    let script: String
    let mebibytes: Int

    func printRows() throws {
        let text = try PeerProcess.output(
            python, [script, "--kin", kin, "--mib", "\(mebibytes)", "--kills", "0", "--scp", "--bound", "1000"])
        guard let line = text.split(separator: "\n").last, let report = try? JSON.parse(Array(line.utf8)) else {
            throw BenchError("\(script) said nothing")
        }
        guard let share = report.figure("share_seconds"), let get = report.figure("get_seconds") else {
            throw BenchError("\(script) measured nothing")
        }
        let scp = report.figure("scp_seconds")
        func row(_ what: String, _ seconds: Double) {
            let ratio = scp.map { String(format: "; %.2f × scp", $0 / seconds) } ?? ""
            Table.line(what, String(format: "%.0f MB/s, %.2f s", size / seconds / 1e6, seconds) + ratio)
        }
        row("`kin share` until the server has all of \(mebibytes) MiB and its message is in the outbox", share)
        row("`kin get` of it", get)
        row("both, one after the other", share + get)
        if let scp { row("scp of the same file over loopback, then `sync`", scp) }
        let peaks = [("server", "server"), ("sender", "h1"), ("reader", "h2")].compactMap { name, label in
            report.figure("\(label)_resident_mib").map { String(format: "%@ %.0f MiB", name, $0) }
        }
        Table.line("peak resident memory meanwhile", peaks.joined(separator: ", "))
    }

    private var size: Double { Double(mebibytes) * 1_048_576 }
}
