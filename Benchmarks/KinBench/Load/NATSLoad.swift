import Foundation

/// A publish to a JetStream in files, each with an id to recognise repeats by: acknowledged by the stream.
final class NATSSender: Sender {
    static let subject = "bench"
    let connection: LoadConnection
    private let name: Int
    private let body: String
    private var number = 0

    init(port: Int, name: Int, bodyBytes: Int) throws {
        connection = try LoadConnection(port: port)
        self.name = name
        body = String(repeating: "x", count: bodyBytes)
        _ = try connection.line()  // INFO
        try connection.write(
            Array(
                "CONNECT {\"verbose\":false,\"headers\":true,\"lang\":\"bench\",\"version\":\"1\"}\r\nSUB r\(name) 1\r\nPING\r\n"
                    .utf8))
        while try connection.line() != "PONG" {}
    }

    /// Makes the stream.
    func createStream() throws {
        let settings = #"{"name":"bench","subjects":["bench"],"storage":"file","retention":"limits","num_replicas":1}"#
        try connection.write(
            Array("PUB $JS.API.STREAM.CREATE.bench r\(name) \(settings.utf8.count)\r\n\(settings)\r\n".utf8))
        _ = try connection.line()
        let answer = try connection.line()
        guard !answer.contains("\"error\"") else { throw BenchError("nats: \(answer)") }
    }

    func nextMessage() -> [UInt8] {
        number += 1
        let header = "NATS/1.0\r\nNats-Msg-Id:\(name)-\(number)\r\n\r\n"
        let sizes = "\(header.utf8.count) \(header.utf8.count + body.utf8.count)"
        return Array("HPUB \(Self.subject) r\(name) \(sizes)\r\n\(header)\(body)\r\n".utf8)
    }

    /// `MSG SUBJECT SID LENGTH\r\nJSON\r\n`
    func acknowledged() throws -> Int {
        var (taken, count) = (0, 0)
        let bytes = connection.received
        while let head = bytes[taken...].firstRange(of: [13, 10]) {
            let words = bytes[taken..<head.lowerBound].split(separator: UInt8(ascii: " "))
            guard words.first?.elementsEqual("MSG".utf8) == true else {
                taken = head.upperBound
                continue
            }
            let length = words.last.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
            guard bytes.count >= head.upperBound + length + 2 else { break }
            if bytes[head.upperBound..<(head.upperBound + length)].firstRange(of: Array("\"error\"".utf8)) != nil {
                throw BenchError("nats refused a message")
            }
            taken = head.upperBound + length + 2
            count += 1
        }
        connection.take(taken)
        return count
    }
}
