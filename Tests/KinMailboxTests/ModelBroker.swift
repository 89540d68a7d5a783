import KinMailbox
import KinWire

/// The broker's rules of order and nothing else (docs/protocol/mesh.md, "Acceptance of a send").
struct ModelBroker {
    enum Answer {
        case ack(ClientMessageID)
        case nack(Nack)
    }

    private enum Progress {
        case taken(through: Int64)
        case waiting(for: Int64)
    }

    /// Seqs in the order of acceptance, for all time.
    private(set) var taken: [Lane: [Int64]] = [:]
    /// Messages that were taken after a later one of their lane.
    private(set) var overtaken: [ClientMessageID] = []
    private var known: Set<ClientMessageID> = []
    private var gate: [Lane: Progress] = [:]

    mutating func startSession() { gate = [:] }

    /// - Parameters:
    ///   - forbidden: refused for good.
    ///   - refusing: refused for now, if it is new and its turn.
    mutating func receive(_ row: OutboxRow, forbidden: Bool, refusing: String?) -> Answer {
        let id = row.clientMessageID
        if known.contains(id) {
            if case .waiting(row.seq)? = gate[row.lane] { gate[row.lane] = .taken(through: row.seq) }
            return .ack(id)
        }
        if forbidden { return .nack(Nack(clientMessageID: id, code: "too_large", retryable: false)) }
        switch gate[row.lane] {
        case .taken(let last)? where row.seq <= last: return outOfOrder(row)
        case .waiting(let first)? where row.seq > first: return outOfOrder(row)
        default: break
        }
        if let refusing {
            gate[row.lane] = .waiting(for: row.seq)
            return .nack(Nack(clientMessageID: id, code: refusing, retryable: true))
        }
        gate[row.lane] = .taken(through: row.seq)
        known.insert(id)
        if let last = taken[row.lane]?.last, last >= row.seq { overtaken.append(id) }
        taken[row.lane, default: []].append(row.seq)
        return .ack(id)
    }

    /// As the broker does: it waits for this one from now on, unless it waits for an earlier.
    private mutating func outOfOrder(_ row: OutboxRow) -> Answer {
        if case .waiting(let first)? = gate[row.lane], first <= row.seq {
        } else {
            gate[row.lane] = .waiting(for: row.seq)
        }
        return .nack(Nack(clientMessageID: row.clientMessageID, code: "out_of_order", retryable: true))
    }
}
