import KinEncoding
import KinWire

/// How far a message has come. Each state has its own promise; none is said before it is true.
public enum MessageState: String, Hashable, Sendable {
    /// On this machine's disk.
    case queued
    /// On the broker's disk.
    case relayed
    /// In the recipient's inbox, on its disk: its device signed a receipt.
    case delivered
    /// Its reader acknowledged it.
    case read
    /// It came, and its recipient did not take it; the error says why.
    case refused
    /// It will never be sent; the error says why.
    case dead
    /// Given up by the user.
    case aborted

    /// Whether nothing more will happen to it.
    public var isFailed: Bool { self == .refused || self == .dead || self == .aborted }

    /// How far on its way: queued, relayed, delivered, read; nil for what ended elsewhere.
    public var progress: Int? { [.queued, .relayed, .delivered, .read].firstIndex(of: self) }
}

/// The answer to `POST /v1/send`: 202 when queued, 200 when an earlier, equal request was already relayed.
public struct SendAnswer: Hashable, Sendable {
    public var clientMessageID: ClientMessageID
    public var status: MessageState
    /// An earlier, equal request had this id.
    public var duplicate: Bool
    public var brokerMessageID: Int64?

    public init(clientMessageID: ClientMessageID, status: MessageState, duplicate: Bool, brokerMessageID: Int64?) {
        self.clientMessageID = clientMessageID
        self.status = status
        self.duplicate = duplicate
        self.brokerMessageID = brokerMessageID
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in try SendAnswer(&fields) }
    }

    init(_ fields: inout Fields) throws(WireError) {
        clientMessageID = try fields.clientMessageID()
        status = try fields.state("status")
        duplicate = try fields.bool("duplicate")
        brokerMessageID = try fields.givenTime("broker_message_id")
    }

    public var json: JSON {
        .object([
            "client_message_id": .text(clientMessageID), "status": .string(status.rawValue),
            "duplicate": .bool(duplicate), "broker_message_id": .orNull(brokerMessageID) { .integer($0) },
        ])
    }
}

extension Fields {
    mutating func state(_ name: String) throws(WireError) -> MessageState {
        try parsed(name, as: "a message state") { MessageState(rawValue: $0) }
    }
}

extension MessageState: CaseIterable {}

extension SendAnswer {
    public static let schema = Schema.object(
        "SendAnswer",
        [
            .required("client_message_id", .clientMessageID), .required("status", .one(of: MessageState.self)),
            .required("duplicate", .bool, "An earlier, equal request had this id."),
            .optional("broker_message_id", Schema.count.orNull),
        ])
}
