import Foundation
import KinEncoding
import KinIdentity
import KinTesting
import KinWire

/// A member's connection to the broker, sending to another member that is away: acknowledged once it is on the disk.
final class KindredSender: Sender {
    let connection: LoadConnection
    private var message: [UInt8]
    private let idRange: Range<Int>
    private let seqRange: Range<Int>
    private var number: Int64 = 100_000_000_000

    /// Opens the session as a daemon does.
    /// - Parameter recipient: introduced to the broker.
    init(port: Int, device: TestDevice, to recipient: TestDevice, bodyBytes: Int) throws {
        connection = try LoadConnection(port: port)
        let send = Send(
            clientMessageID: try ClientMessageID("bench-100000000000").orThrow("id"),
            requestFingerprint: [UInt8](repeating: 7, count: 32),
            line: Array(device.member.description.utf8.suffix(8)), seq: 100_000_000_000,
            destination: .dm(recipient.member), priority: .next, expiresAt: nil)
        message = WebSocketBytes.frame(MeshFrame.send(send).encoded(body: [UInt8](repeating: 0x78, count: bodyBytes)))
        let numbers = Array("100000000000".utf8)
        idRange = try message.firstRange(of: numbers).orThrow("id")
        seqRange = try message[idRange.upperBound...].firstRange(of: numbers).orThrow("seq")
        try open(port: port, device)
        try say(.memberPut(MemberPut(chain: recipient.chain)))
    }

    func nextMessage() -> [UInt8] {
        number += 1
        let digits = Array(String(number).utf8)
        message.replaceSubrange(idRange, with: digits)
        message.replaceSubrange(seqRange, with: digits)
        return message
    }

    func acknowledged() throws -> Int {
        var (taken, count) = (0, 0)
        while let payload = WebSocketBytes.payload(of: connection.received, at: taken) {
            let header = connection.received[(payload.lowerBound + min(4, payload.count))..<payload.upperBound]
            if header.starts(with: Self.ack) { count += 1 }
            if header.starts(with: Self.nack) {
                throw BenchError("refused: \(String(decoding: header, as: UTF8.self))")
            }
            taken = payload.upperBound
        }
        connection.take(taken)
        return count
    }

    private static let ack = Array(#"{"broker_message_id":"#.utf8)
    private static let nack = Array(#"{"client_message_id":"#.utf8)

    private func open(port: Int, _ device: TestDevice) throws {
        let origin = "127.0.0.1:\(port)"
        try connection.write(WebSocketBytes.upgrade(host: origin, path: "/mesh"))
        guard try connection.line().hasPrefix("HTTP/1.1 101") else { throw BenchError("the broker refused to upgrade") }
        while try !connection.line().isEmpty {}
        guard case .challenge(let challenge) = try hear() else { throw BenchError("the broker sent no challenge") }
        let hello = HelloProof.hello(
            answering: challenge, origin: "http://\(origin)", chain: device.chain, keys: device.keys,
            revocationHead: .empty, capabilities: [], now: challenge.serverTime)
        try say(.hello(hello))
        try say(.featureRequest(FeatureRequest(require: Feature.requiredByDaemon.map(\.rawValue), optional: [])))
        while true {
            let frame = try hear()
            if case .membersEnd = frame { return }
            if case .error(let error) = frame { throw BenchError("the broker refused: \(error.message)") }
        }
    }

    private func say(_ frame: MeshFrame) throws { try connection.write(WebSocketBytes.frame(frame.encoded())) }

    private func hear() throws -> MeshFrame {
        try connection.wait { bytes in
            guard let payload = WebSocketBytes.payload(of: bytes, at: 0) else { return nil }
            return (try ReceivedFrame(Array(bytes[payload])).message, payload.upperBound)
        }
    }
}

/// As much of RFC 6455 as a load needs.
enum WebSocketBytes {
    static func upgrade(host: String, path: String) -> [UInt8] {
        let lines = [
            "GET \(path) HTTP/1.1", "Host: \(host)", "Connection: Upgrade", "Upgrade: websocket",
            "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        ]
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    /// A binary message of a client, masked by zeros so that a part of it can be changed in place.
    static func frame(_ payload: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [0x82]
        if payload.count < 126 {
            bytes.append(0x80 | UInt8(payload.count))
        } else {
            bytes += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
        }
        return bytes + [0, 0, 0, 0] + payload
    }

    /// Where the payload of the server's frame at `start` lies; nil until it is whole.
    static func payload(of bytes: [UInt8], at start: Int) -> Range<Int>? {
        guard bytes.count >= start + 2 else { return nil }
        var (begin, count) = (start + 2, Int(bytes[start + 1] & 0x7f))
        if count == 126 {
            guard bytes.count >= start + 4 else { return nil }
            (begin, count) = (start + 4, Int(bytes[start + 2]) << 8 | Int(bytes[start + 3]))
        } else if count == 127 {
            guard bytes.count >= start + 10 else { return nil }
            (begin, count) = (start + 10, bytes[(start + 2)..<(start + 10)].reduce(0) { $0 << 8 | Int($1) })
        }
        return bytes.count >= begin + count ? begin..<(begin + count) : nil
    }
}
