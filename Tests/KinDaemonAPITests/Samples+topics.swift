import KinDaemonAPI
import KinEncoding
import KinTesting
import KinWire

extension Sample {
    static func name(_ text: String) throws -> DeviceName { try DeviceName(text).orThrow("a device's name") }

    static let topic = TopicName.everybody

    static func post() throws -> PostRequest {
        PostRequest(
            topic: topic, message: "disk \u{0}91%", priority: .now, mentions: [try name("studio")], meta: meta,
            replyTo: try id("an:id"), clientMessageID: try id("mine"), expiresIn: 1)
    }

    static let topicInfo = TopicInfo(
        name: topic, joined: true, isPrivate: true, epoch: 3, hasKey: false, creator: "studio")
    static let plainTopicInfo = TopicInfo(
        name: topic, joined: false, isPrivate: false, epoch: 0, hasKey: false, creator: nil)

    static let topicMembers = TopicMemberList(
        topic: topic,
        members: [
            TopicMemberInfo(
                name: "studio", member: member.description, joined: true, state: .offline, creator: true,
                thisDevice: false)
        ])

    static func profile(_ summary: String?) throws -> ProfileShown {
        ProfileShown(Profile(name: try name("studio"), summary: summary, status: .dnd, visible: false, at: 5))
    }
}

extension Form {
    /// Topics and profiles.
    static func topics() throws -> [Form] {
        try [
            Form("PostRequest", Sample.post(), \.json, { try PostRequest(json: $0) }),
            Form(
                "PostRequest, plain", PostRequest(topic: Sample.topic, message: ""), \.json,
                { try PostRequest(json: $0) }),
            Form("TopicNamed", TopicNamed(topic: Sample.topic), \.json, { try TopicNamed(json: $0) }),
            Form(
                "TopicMaking", TopicMaking(topic: Sample.topic, members: ["studio"]), \.json,
                { try TopicMaking(json: $0) }),
            Form("TopicMaking, plain", TopicMaking(topic: Sample.topic), \.json, { try TopicMaking(json: $0) }),
            Form(
                "TopicMemberChange", TopicMemberChange(topic: Sample.topic, add: ["a"], remove: ["b"]), \.json,
                { try TopicMemberChange(json: $0) }),
            Form("TopicInfo", Sample.topicInfo, \.json, { try TopicInfo(json: $0) }),
            Form("TopicInfo, plain", Sample.plainTopicInfo, \.json, { try TopicInfo(json: $0) }),
            Form(
                "TopicListing", TopicListing(topics: [Sample.topicInfo]), \.json, { try TopicListing(json: $0) }),
            Form("TopicMemberList", Sample.topicMembers, \.json, { try TopicMemberList(json: $0) }),
            Form("Profile", Sample.profile("reviewing"), \.json, { try ProfileShown(json: $0) }),
            Form("Profile, plain", Sample.profile(nil), \.json, { try ProfileShown(json: $0) }),
        ]
    }
}
