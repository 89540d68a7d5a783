import KinEncoding

/// One message between daemon and broker, without its body (docs/protocol/mesh.md).
public enum MeshFrame: Hashable, Sendable {
    case challenge(Challenge)
    case hello(Hello)
    case featureRequest(FeatureRequest)
    case featureResponse(FeatureResponse)
    case ready(Ready)
    case member(Member)
    case membersEnd(MembersEnd)
    case memberPut(MemberPut)
    case memberJoined(MemberJoined)
    case memberLeft(MemberChange)
    case memberKeypairRotated(MemberKeypairRotated)
    case memberRevoked(MemberChange)
    case peerJoin(MemberChange)
    case peerLeave(MemberChange)
    case send(Send)
    case ack(Ack)
    case nack(Nack)
    case push(Push)
    case clientAck(ClientAck)
    case history(History)
    case historyItem(HistoryItem)
    case historyEnd(HistoryEnd)
    case credential(CredentialFrame)
    case revocationsGet(RevocationsGet)
    case revocations(Revocations)
    case succession(Handover)
    case settings(SettingsProof)
    case topicCreate(TopicCreate)
    case topicJoin(TopicJoin)
    case topicLeave(TopicLeave)
    case topicSet(TopicSet)
    case topicRekey(TopicRekey)
    case topicMembersGet(TopicMembersGet)
    case topic(TopicState)
    case topicGone(TopicGone)
    case topicsEnd(TopicsEnd)
    case topicAnswer(TopicAnswer)
    case topicMembers(TopicMembers)
    case error(ErrorFrame)

    /// Bounds that hold before and besides what a server advertises.
    public static let maxHeaderBytes = 16_384
    public static let defaultInlineBytes = 65_536
    public static let protocolVersion: Int64 = 1

    /// The `type` member of the header.
    public var type: String { payload.type }

    /// The header's bytes: canonical JSON.
    public func header() -> [UInt8] {
        if let fixed = fixedFieldHeader() { return fixed }
        return generalHeader()
    }

    /// The header by the general codec; equal to `header()` for every message.
    package func generalHeader() -> [UInt8] {
        let (type, members) = payload
        return JSON.object(members.merging(["type": .string(type)]) { _, type in type }).canonicalBytes()
    }

    /// The whole frame.
    public func encoded(body: [UInt8] = []) -> [UInt8] { Frame.encode(header: header(), body: body) }
}

/// A frame read from outside: the message, and its body where one belongs.
public struct ReceivedFrame: Hashable, Sendable {
    public var message: MeshFrame
    public var body: [UInt8]

    /// - Throws: `invalid_message` or `unknown_message_type`.
    public init(_ bytes: [UInt8]) throws(WireError) {
        let parts: (header: ArraySlice<UInt8>, body: ArraySlice<UInt8>)
        do {
            parts = try Frame.split(bytes, maxHeaderBytes: MeshFrame.maxHeaderBytes)
        } catch {
            throw .invalid(error.message)
        }
        message = try MeshFrame(header: parts.header)
        body = Array(parts.body)
        if message.carriesBody == body.isEmpty {
            throw .invalid("\(message.type): a body \(body.isEmpty ? "is missing" : "does not belong here")")
        }
    }
}

extension MeshFrame {
    /// Whether sealed bytes follow the header.
    var carriesBody: Bool {
        switch self {
        case .send, .push, .historyItem: true
        default: false
        }
    }

    /// Reads a header: by the fixed-field codec on the hot path, else by the general one.
    init(header: ArraySlice<UInt8>) throws(WireError) {
        if let fixed = MeshFrame(fixedFieldHeader: header) {
            self = fixed
        } else {
            try self.init(generalHeader: header)
        }
    }

    package init(generalHeader header: ArraySlice<UInt8>) throws(WireError) {
        var fields = try Fields(parseCanonical(Array(header)), in: "frame")
        let type = try fields.string("type", maxBytes: 64)
        guard let read = Self.readers[type] else {
            throw WireError(code: "unknown_message_type", message: "no message of this type is known here")
        }
        self = try read(&fields)
        try fields.end()
    }

    private typealias Reader = @Sendable (inout Fields) throws(WireError) -> MeshFrame

    private static let readers: [String: Reader] = [
        "challenge": { fields throws(WireError) in .challenge(try Challenge(&fields)) },
        "hello": { fields throws(WireError) in .hello(try Hello(&fields)) },
        "feature_negotiation_request": { fields throws(WireError) in .featureRequest(try FeatureRequest(&fields)) },
        "feature_negotiation_response": { fields throws(WireError) in .featureResponse(try FeatureResponse(&fields)) },
        "ready": { fields throws(WireError) in .ready(try Ready(&fields)) },
        "member": { fields throws(WireError) in .member(try Member(&fields)) },
        "members_end": { fields throws(WireError) in .membersEnd(try MembersEnd(&fields)) },
        "member_put": { fields throws(WireError) in .memberPut(try MemberPut(&fields)) },
        "member_joined": { fields throws(WireError) in .memberJoined(try MemberJoined(&fields)) },
        "member_left": { fields throws(WireError) in .memberLeft(try MemberChange(&fields)) },
        "member_keypair_rotated": { fields throws(WireError) in
            .memberKeypairRotated(try MemberKeypairRotated(&fields))
        },
        "member_revoked": { fields throws(WireError) in .memberRevoked(try MemberChange(&fields)) },
        "peer_join": { fields throws(WireError) in .peerJoin(try MemberChange(&fields)) },
        "peer_leave": { fields throws(WireError) in .peerLeave(try MemberChange(&fields)) },
        "send": { fields throws(WireError) in .send(try Send(&fields)) },
        "ack": { fields throws(WireError) in .ack(try Ack(&fields)) },
        "nack": { fields throws(WireError) in .nack(try Nack(&fields)) },
        "push": { fields throws(WireError) in .push(try Push(&fields)) },
        "client_ack": { fields throws(WireError) in .clientAck(try ClientAck(&fields)) },
        "history": { fields throws(WireError) in .history(try History(&fields)) },
        "history_item": { fields throws(WireError) in .historyItem(try HistoryItem(&fields)) },
        "history_end": { fields throws(WireError) in .historyEnd(try HistoryEnd(&fields)) },
        "credential": { fields throws(WireError) in .credential(try CredentialFrame(&fields)) },
        "revocations_get": { fields throws(WireError) in .revocationsGet(try RevocationsGet(&fields)) },
        "revocations": { fields throws(WireError) in .revocations(try Revocations(&fields)) },
        "succession": { fields throws(WireError) in .succession(try Handover(&fields)) },
        "settings": { fields throws(WireError) in .settings(try SettingsProof(&fields)) },
        "topic_create": { fields throws(WireError) in .topicCreate(try TopicCreate(&fields)) },
        "topic_join": { fields throws(WireError) in .topicJoin(try TopicJoin(&fields)) },
        "topic_leave": { fields throws(WireError) in .topicLeave(try TopicLeave(&fields)) },
        "topic_set": { fields throws(WireError) in .topicSet(try TopicSet(&fields)) },
        "topic_rekey": { fields throws(WireError) in .topicRekey(try TopicRekey(&fields)) },
        "topic_members_get": { fields throws(WireError) in .topicMembersGet(try TopicMembersGet(&fields)) },
        "topic": { fields throws(WireError) in .topic(try TopicState(&fields)) },
        "topic_gone": { fields throws(WireError) in .topicGone(try TopicGone(&fields)) },
        "topics_end": { fields throws(WireError) in .topicsEnd(try TopicsEnd(&fields)) },
        "topic_answer": { fields throws(WireError) in .topicAnswer(try TopicAnswer(&fields)) },
        "topic_members": { fields throws(WireError) in .topicMembers(try TopicMembers(&fields)) },
        "error": { fields throws(WireError) in .error(try ErrorFrame(&fields)) },
    ]

    private var payload: (type: String, members: [String: JSON]) {
        switch self {
        case .challenge(let message): ("challenge", message.members)
        case .hello(let message): ("hello", message.members)
        case .featureRequest(let message): ("feature_negotiation_request", message.members)
        case .featureResponse(let message): ("feature_negotiation_response", message.members)
        case .ready(let message): ("ready", message.members)
        case .member(let message): ("member", message.members)
        case .membersEnd(let message): ("members_end", message.members)
        case .memberPut(let message): ("member_put", message.members)
        case .memberJoined(let message): ("member_joined", message.members)
        case .memberLeft(let message): ("member_left", message.members)
        case .memberKeypairRotated(let message): ("member_keypair_rotated", message.members)
        case .memberRevoked(let message): ("member_revoked", message.members)
        case .peerJoin(let message): ("peer_join", message.members)
        case .peerLeave(let message): ("peer_leave", message.members)
        case .send(let message): ("send", message.members)
        case .ack(let message): ("ack", message.members)
        case .nack(let message): ("nack", message.members)
        case .push(let message): ("push", message.members)
        case .clientAck(let message): ("client_ack", message.members)
        case .history(let message): ("history", message.members)
        case .historyItem(let message): ("history_item", message.members)
        case .historyEnd(let message): ("history_end", message.members)
        case .credential(let message): ("credential", message.members)
        case .revocationsGet(let message): ("revocations_get", message.members)
        case .revocations(let message): ("revocations", message.members)
        case .succession(let message): ("succession", message.members)
        case .settings(let message): ("settings", message.members)
        case .topicCreate(let message): ("topic_create", message.members)
        case .topicJoin(let message): ("topic_join", message.members)
        case .topicLeave(let message): ("topic_leave", message.members)
        case .topicSet(let message): ("topic_set", message.members)
        case .topicRekey(let message): ("topic_rekey", message.members)
        case .topicMembersGet(let message): ("topic_members_get", message.members)
        case .topic(let message): ("topic", message.members)
        case .topicGone(let message): ("topic_gone", message.members)
        case .topicsEnd(let message): ("topics_end", message.members)
        case .topicAnswer(let message): ("topic_answer", message.members)
        case .topicMembers(let message): ("topic_members", message.members)
        case .error(let message): ("error", message.members)
        }
    }
}
