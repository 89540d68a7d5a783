import KinWire

// Topics and profiles (docs/protocol/local-api.md, "Topics", "Peers").

extension DaemonClient {
    public func topics() async throws -> TopicListing {
        try TopicListing(json: await get("/v1/topic/list"))
    }

    public func post(_ request: PostRequest) async throws -> SendAnswer {
        try SendAnswer(json: await post("/v1/topic/post", request.json.canonicalBytes()))
    }

    /// - Throws: `topic_exists`, `topic_not_allowed`, …
    public func createTopic(_ topic: TopicName, members: [String]?) async throws -> TopicInfo {
        let wanted = TopicMaking(topic: topic, members: members)
        return try TopicInfo(json: await post("/v1/topic/create", wanted.json.canonicalBytes()))
    }

    public func join(_ topic: TopicName) async throws -> TopicInfo { try await change(topic, "subscribe") }

    public func leave(_ topic: TopicName) async throws -> TopicInfo { try await change(topic, "unsubscribe") }

    public func rekey(_ topic: TopicName) async throws -> TopicInfo { try await change(topic, "rekey") }

    private func change(_ topic: TopicName, _ operation: String) async throws -> TopicInfo {
        let wanted = TopicNamed(topic: topic)
        return try TopicInfo(json: await post("/v1/topic/\(operation)", wanted.json.canonicalBytes()))
    }

    public func members(of topic: TopicName) async throws -> TopicMemberList {
        try TopicMemberList(json: await get("/v1/topic/members?topic=\(topic)"))
    }

    public func change(_ change: TopicMemberChange) async throws -> TopicMemberList {
        try TopicMemberList(json: await post("/v1/topic/members", change.json.canonicalBytes()))
    }

    public func set(_ change: ProfileChange) async throws -> ProfileShown {
        try ProfileShown(json: await post("/v1/profile", change.json.canonicalBytes()))
    }
}
