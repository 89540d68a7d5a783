import KinEncoding

// The fixed-field codec of the hot path: send, ack, push and client_ack without building a JSON tree.
// A header that is not byte for byte of the expected form yields nil, and the general codec judges it.

extension MeshFrame {
    package init?(fixedFieldHeader header: ArraySlice<UInt8>) {
        let frame: MeshFrame? = header.withUnsafeBufferPointer { bytes in
            // The first field tells the type apart: canonical JSON sorts names.
            var cursor = HeaderCursor(bytes)
            if cursor.skip("{\"broker_message_id\":") { return cursor.readAckOrPush() }
            if cursor.skip("{\"client_message_id\":") { return cursor.readSend() }
            if cursor.skip("{\"results\":[") { return cursor.readClientAck() }
            return nil
        }
        guard let frame else { return nil }
        self = frame
    }

    package func fixedFieldHeader() -> [UInt8]? {
        var writer = HeaderWriter()
        switch self {
        case .send(let send): writer.write(send)
        case .ack(let ack): writer.write(ack)
        case .push(let push): writer.write(push)
        case .clientAck(let clientAck): writer.write(clientAck)
        default: return nil
        }
        return writer.bytes
    }
}

private struct HeaderWriter {
    var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(384) }

    mutating func raw(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// A string that needs no escaping: ids, hex, ULIDs.
    mutating func plain(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: text.utf8)
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func integer(_ value: Int64) { bytes.append(contentsOf: String(value).utf8) }

    mutating func hex(_ value: [UInt8]) { plain(Hex.encode(value)) }

    mutating func destination(_ destination: Destination) {
        raw(",\"destination\":{\"kind\":")
        plain(destination.kind)
        raw(",\"ref\":")
        plain(destination.ref)
        raw("}")
    }

    mutating func epoch(_ epoch: Epoch?) {
        guard let epoch else { return }
        raw(",\"epoch\":{\"counter\":")
        integer(epoch.counter)
        raw(",\"minter\":")
        plain(epoch.minter.description)
        raw("}")
    }

    mutating func write(_ send: Send) {
        raw("{\"client_message_id\":")
        plain(send.clientMessageID.description)
        destination(send.destination)
        epoch(send.epoch)
        if let expiresAt = send.expiresAt {
            raw(",\"expires_at\":")
            integer(expiresAt)
        }
        raw(",\"line\":")
        hex(send.line)
        raw(",\"priority\":")
        plain(send.priority.rawValue)
        raw(",\"request_fingerprint\":")
        hex(send.requestFingerprint)
        raw(",\"seq\":")
        integer(send.seq)
        raw(",\"type\":\"send\"}")
    }

    mutating func write(_ ack: Ack) {
        raw("{\"broker_message_id\":")
        integer(ack.brokerMessageID)
        raw(",\"client_message_id\":")
        plain(ack.clientMessageID.description)
        if ack.duplicate { raw(",\"duplicate\":true") } else { raw(",\"duplicate\":false") }
        if let firstSeenAt = ack.firstSeenAt {
            raw(",\"first_seen_at\":")
            integer(firstSeenAt)
        }
        raw(",\"history_id\":")
        integer(ack.historyID)
        raw(",\"type\":\"ack\"}")
    }

    mutating func write(_ push: Push) {
        raw("{\"broker_message_id\":")
        integer(push.brokerMessageID)
        raw(",\"client_message_id\":")
        plain(push.clientMessageID.description)
        destination(push.destination)
        epoch(push.epoch)
        raw(",\"line\":")
        hex(push.line)
        raw(",\"priority\":")
        plain(push.priority.rawValue)
        raw(",\"sender\":")
        plain(push.sender.description)
        raw(",\"sent_at\":")
        integer(push.sentAt)
        raw(",\"seq\":")
        integer(push.seq)
        raw(",\"type\":\"push\"}")
    }

    mutating func write(_ clientAck: ClientAck) {
        raw("{\"results\":[")
        for (index, entry) in clientAck.results.enumerated() {
            if index > 0 { raw(",") }
            raw("[")
            integer(entry.brokerMessageID)
            raw(",")
            plain(entry.result.rawValue)
            raw("]")
        }
        raw("],\"type\":\"client_ack\"}")
    }
}

private struct HeaderCursor {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private var atEnd: Bool { position == bytes.count }

    mutating func skip(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.count - position >= count else { return false }
        for offset in 0..<count where bytes[position + offset] != text.utf8Start[offset] { return false }
        position += count
        return true
    }

    /// A string without escapes; one with escapes is left to the general codec.
    private mutating func plain(atMost limit: Int) -> String? {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return nil }
        var end = position + 1
        while end < bytes.count, end - position <= limit + 1, bytes[end] != UInt8(ascii: "\"") {
            guard (0x20...0x7e).contains(bytes[end]), bytes[end] != UInt8(ascii: "\\") else { return nil }
            end += 1
        }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\""), end - position - 1 <= limit else { return nil }
        let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[(position + 1)..<end]), as: UTF8.self)
        position = end + 1
        return text
    }

    private mutating func integer() -> Int64? {
        let start = position
        var value: Int64 = 0
        while position < bytes.count, (0x30...0x39).contains(bytes[position]), position - start < 16 {
            value = value * 10 + Int64(bytes[position] - 0x30)
            position += 1
        }
        guard position > start, value <= Fields.maxInteger else { return nil }
        if bytes[start] == 0x30 && position - start > 1 { return nil }
        return value
    }

    private mutating func hex(_ count: Int) -> [UInt8]? {
        guard let text = plain(atMost: 2 * count), let value = try? Hex.decode(text), value.count == count else {
            return nil
        }
        return value
    }

    private mutating func ulid() -> ULID? { plain(atMost: 26).flatMap { ULID($0) } }

    private mutating func clientMessageID() -> ClientMessageID? { plain(atMost: 64).flatMap { ClientMessageID($0) } }

    private mutating func destination() -> Destination? {
        guard skip(",\"destination\":{\"kind\":"), let kind = plain(atMost: 8), skip(",\"ref\":"),
            let ref = plain(atMost: 64), skip("}")
        else { return nil }
        return Destination(kind: kind, ref: ref)
    }

    /// The part that send and push share: line and priority.
    private mutating func lineAndPriority() -> (line: [UInt8], priority: Priority)? {
        guard skip(",\"line\":"), let line = hex(8), skip(",\"priority\":"),
            let priority = plain(atMost: 4).flatMap({ Priority(rawValue: $0) })
        else { return nil }
        return (line, priority)
    }

    mutating func readSend() -> MeshFrame? {
        guard let id = clientMessageID(), let destination = destination() else { return nil }
        var expiresAt: Int64?
        if skip(",\"expires_at\":") {
            guard let value = integer() else { return nil }
            expiresAt = value
        }
        guard let (line, priority) = lineAndPriority(), skip(",\"request_fingerprint\":"), let fingerprint = hex(32),
            skip(",\"seq\":"), let seq = integer(), seq > 0, skip(",\"type\":\"send\"}"), atEnd
        else { return nil }
        return .send(
            Send(
                clientMessageID: id, requestFingerprint: fingerprint, line: line, seq: seq, destination: destination,
                priority: priority, expiresAt: expiresAt))
    }

    mutating func readAckOrPush() -> MeshFrame? {
        guard let brokerID = integer(), skip(",\"client_message_id\":"), let id = clientMessageID() else { return nil }
        if skip(",\"duplicate\":") { return readAck(brokerID, id) }
        guard let destination = destination(), let (line, priority) = lineAndPriority(), skip(",\"sender\":"),
            let sender = ulid(), skip(",\"sent_at\":"), let sentAt = integer(), skip(",\"seq\":"),
            let seq = integer(), seq > 0, skip(",\"type\":\"push\"}"), atEnd
        else { return nil }
        return .push(
            Push(
                brokerMessageID: brokerID, clientMessageID: id, sender: sender, line: line, seq: seq,
                destination: destination, priority: priority, sentAt: sentAt))
    }

    private mutating func readAck(_ brokerID: Int64, _ id: ClientMessageID) -> MeshFrame? {
        let duplicate = skip("true")
        guard duplicate || skip("false") else { return nil }
        var firstSeenAt: Int64?
        if skip(",\"first_seen_at\":") {
            guard let value = integer() else { return nil }
            firstSeenAt = value
        }
        guard skip(",\"history_id\":"), let historyID = integer(), historyID == brokerID,
            skip(",\"type\":\"ack\"}"), atEnd
        else { return nil }
        return .ack(
            Ack(clientMessageID: id, brokerMessageID: brokerID, duplicate: duplicate, firstSeenAt: firstSeenAt))
    }

    mutating func readClientAck() -> MeshFrame? {
        var results: [ClientAck.Entry] = []
        repeat {
            guard results.count < ClientAck.maxResults, skip("["), let id = integer(), skip(","),
                let result = plain(atMost: 9).flatMap({ ClientAck.Result(rawValue: $0) }), skip("]")
            else { return nil }
            results.append(ClientAck.Entry(brokerMessageID: id, result: result))
        } while skip(",")
        guard skip("],\"type\":\"client_ack\"}"), atEnd else { return nil }
        return .clientAck(ClientAck(results: results))
    }
}
