import KinDemo

/// The end of the demo, for people.
struct DemoReport {
    private static let dumpedLines = 6

    let summary: DemoSummary

    var lines: [String] { [verdict, ""] + figures + [""] + serverView + uncleanEnds }

    private var verdict: String {
        let delivery = summary.delivery
        guard !delivery.isComplete else { return "Every line arrived, in order, once." }
        return
            "NOT every line arrived well: \(delivery.missing) missing, \(delivery.repeated) repeated, \(delivery.outOfOrder) out of order."
    }

    private var figures: [String] {
        let kills = DemoPart.allCases.compactMap { part in summary.kills[part].map { "\(part.title) \($0)" } }
        return [
            "messages  \(summary.delivery.sent) in \(Self.decimal(summary.seconds)) s, \(Int(summary.rate)) a second",
            "survived  kills of " + (kills.isEmpty ? "nobody" : kills.joined(separator: ", "))
                + " (seed \(summary.seed))",
            "sent      sha256 \(summary.delivery.sentDigest)",
            "arrived   sha256 \(summary.delivery.receivedDigest)",
        ]
    }

    private var serverView: [String] {
        let head = "What the server has of \(summary.stored.clientMessageID), \(summary.stored.bytes.count) bytes:"
        let verdict =
            summary.seenByServer.isEmpty
            ? ["Neither its text nor any device's name is in the server's files."]
            : ["THE SERVER IS NOT BLIND:"] + summary.seenByServer
        return [head] + HexDump.lines(of: summary.stored.bytes, maxLines: Self.dumpedLines) + verdict
    }

    private var uncleanEnds: [String] {
        summary.uncleanEnds.map { "\($0.title) did not end cleanly within 5 s of SIGTERM" }
    }

    private static func decimal(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
