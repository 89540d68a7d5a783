import Foundation

/// XADD to one stream, `appendfsync always`: acknowledged once it is on the disk.
final class RedisSender: Sender {
    let connection: LoadConnection
    private let message: [UInt8]

    init(port: Int, bodyBytes: Int) throws {
        connection = try LoadConnection(port: port)
        message = Self.command(["XADD", "s", "*", "d", String(repeating: "x", count: bodyBytes)])
    }

    func nextMessage() -> [UInt8] { message }

    /// `$LENGTH\r\nID\r\n`
    func acknowledged() throws -> Int {
        var (taken, count) = (0, 0)
        let bytes = connection.received
        while let head = bytes[taken...].firstRange(of: [13, 10]) {
            guard bytes[taken] == UInt8(ascii: "$") else { throw BenchError("redis refused a message") }
            let length = Int(String(decoding: bytes[(taken + 1)..<head.lowerBound], as: UTF8.self)) ?? 0
            guard bytes.count >= head.upperBound + length + 2 else { break }
            taken = head.upperBound + length + 2
            count += 1
        }
        connection.take(taken)
        return count
    }

    static func command(_ words: [String]) -> [UInt8] {
        Array(("*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()).utf8)
    }
}
