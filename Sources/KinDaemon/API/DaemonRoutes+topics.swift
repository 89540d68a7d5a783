import KinDaemonAPI
import KinWire

// Topics (docs/protocol/local-api.md, "Topics").

extension DaemonRoutes {
    static let topicRoutes: [LocalRoute] = [
        .get(
            "/v1/topic/list", "topics", "The topics that this device may see",
            answers: [.json(TopicListing.schema, "The topics, by name.")]
        ) { routes, _ in APIResponse.json(routes.topics.list().json) },
        .post(
            "/v1/topic/post", "topics", "Takes a post for everybody in a topic into the durable outbox",
            body: .required(PostRequest.schema),
            answers: [
                .json(SendAnswer.schema, "It is on this machine's disk, and waits.", status: 202),
                .json(SendAnswer.schema, "An earlier, equal request was relayed already."),
            ], errors: .full + sendErrors
        ) { routes, request in
            let answer = try await routes.sending.post(await request.read(PostRequest.init))
            return APIResponse.json(answer.json, status: answer.status == .queued ? .accepted : .ok)
        },
        .post(
            "/v1/topic/create", "topics", "Makes a topic", body: .required(TopicMaking.schema),
            answers: [.json(TopicInfo.schema, "The topic.")],
            errors: brokerErrors + .recipient + [
                403: ["topic_not_allowed"], 409: ["topic_exists"], 507: ["topic_limit"],
            ]
        ) { routes, request in
            let wanted = try await request.read(TopicMaking.init)
            return APIResponse.json(try await routes.topics.create(wanted.topic, members: wanted.members).json)
        },
        .post(
            "/v1/topic/subscribe", "topics", "Joins a topic", body: .required(TopicNamed.schema),
            answers: [.json(TopicInfo.schema, "The topic.")], errors: brokerErrors + topicErrors
        ) { routes, request in
            APIResponse.json(try await routes.topics.join(request.read(TopicNamed.init).topic).json)
        },
        .post(
            "/v1/topic/unsubscribe", "topics", "Leaves a topic: those who stay take another key",
            body: .required(TopicNamed.schema), answers: [.json(TopicInfo.schema, "The topic.")],
            errors: brokerErrors + topicErrors + [403: ["topic_everybody"], 409: ["posts_wait"]]
        ) { routes, request in
            let topic = try await request.read(TopicNamed.init).topic
            try await routes.waitForPosts(in: topic)
            return APIResponse.json(try await routes.topics.leave(topic).json)
        },
        .post(
            "/v1/topic/rekey", "topics", "Makes a new key for those in a topic",
            body: .required(TopicNamed.schema), answers: [.json(TopicInfo.schema, "The topic.")],
            errors: brokerErrors + topicErrors + [409: ["not_joined"]]
        ) { routes, request in
            APIResponse.json(try await routes.topics.rekey(request.read(TopicNamed.init).topic).json)
        },
        .get(
            "/v1/topic/members", "topics", "Who is in a topic", [.query("topic", .topic, isRequired: true)],
            answers: [.json(TopicMemberList.schema, "The members.")], errors: brokerErrors + topicErrors
        ) { routes, request in
            guard let topic = request.query.topic() else { throw Query.invalid("topic", "be given") }
            return APIResponse.json(try await routes.topics.members(of: topic).json)
        },
        .post(
            "/v1/topic/members", "topics", "Lets members into a private topic, or takes them off its list",
            body: .required(TopicMemberChange.schema),
            answers: [.json(TopicMemberList.schema, "The members then.")],
            errors: brokerErrors + topicErrors + .recipient + [
                403: ["topic_invalid"], 409: ["topic_not_private", "topic_outdated"], 413: ["topic_full"],
            ]
        ) { routes, request in
            let wanted = try await request.read(TopicMemberChange.init)
            return APIResponse.json(
                try await routes.topics.set(wanted.topic, adding: wanted.add, removing: wanted.remove).json)
        },
    ]

    /// Posts that were taken leave first: afterwards nobody would take them.
    /// - Throws: `posts_wait`.
    private func waitForPosts(in topic: TopicName) async throws {
        let deadline = ContinuousClock.now + .seconds(5)
        var count = try outbox.waiting(for: .topic(topic))
        while count > 0, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
            count = try outbox.waiting(for: .topic(topic))
        }
        guard count > 0 else { return }
        throw KinError(
            "posts_wait",
            "\(count) of this device's posts for \(topic) have not left: wait until they have, or give them up with  kin outbox drop  (kin outbox  lists them)",
            category: .conflict, retryable: true, detail: ["count": .integer(Int64(count))])
    }

    /// What only a connected server can do.
    private static let brokerErrors: RouteErrors =
        .store + [
            403: ["topics_unavailable"],
            429: ["rate_limited"], 503: ["not_connected", "timeout", "broker_answer", "storage_unavailable"],
        ]
    private static let topicErrors: RouteErrors = [403: ["topic_not_allowed"], 404: ["unknown_topic"]]
}
