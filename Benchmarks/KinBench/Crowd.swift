import Foundation

/// Many real daemons of one family, each sending to its neighbour at once.
struct Crowd {
    let kin: String
    let folder: String
    let peers: Int
    let messages: Int

    struct Result {
        /// Seconds until everything was accepted, and until everything was in its inbox and its sender knew.
        var accepted: Double
        var delivered: Double
    }

    func run() throws -> Result {
        let names = (1...peers).map { "peer\($0)" }
        let family = try BenchFamily(kin: kin, under: folder, names: names)
        try family.wait("every daemon to know its neighbour", for: 120) {
            try names.indices.allSatisfy {
                try family.http($0 + 1).get("/v1/devices").body.contains("\"name\":\"\(neighbour($0, names))\"")
            }
        }
        let start = monotonicSeconds()
        try sendAll(family, names)
        let accepted = monotonicSeconds() - start
        for index in names.indices {
            let http = try family.http(index + 1)
            try family.wait("\(names[index]) to have \(messages) messages", for: 300) {
                try http.get("/v1/health").body.contains("\"messages\":\(messages)")
            }
        }
        // Receipts come in order: with the last, all are known.
        for index in names.indices {
            let http = try family.http(index + 1)
            try family.wait("\(names[index]) to know of its last message", for: 60) {
                try http.get("/v1/message/\(index)-\(messages)").body.contains("\"status\":\"delivered\"")
            }
        }
        return Result(accepted: accepted, delivered: monotonicSeconds() - start)
    }

    private func neighbour(_ index: Int, _ names: [String]) -> String { names[(index + 1) % names.count] }

    private func sendAll(_ family: BenchFamily, _ names: [String]) throws {
        let results = Collected(count: names.count)
        for index in names.indices {
            let (http, to) = (try family.http(index + 1), neighbour(index, names))
            Thread.detachNewThread { [messages] in
                var samples = Samples()
                for number in 1...messages {
                    let request =
                        #"{"to":"\#(to)","message":"\#(Measurements.body)","client_message_id":"\#(index)-\#(number)"}"#
                    guard let answer = try? http.post("/v1/send", request), answer.status == 202 else { break }
                    samples.add(0)
                }
                results.set(index, samples)
            }
        }
        results.waitForAll()
        guard results.samples.count == names.count * messages else { throw BenchError("a send was refused") }
    }
}
