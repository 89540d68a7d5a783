import KinDaemonAPI
import KinWire

// How a family moves to a new wallet (docs/protocol/local-api.md, "Changing the wallet").

extension DaemonRoutes {
    static let succession: [LocalRoute] = [
        .get(
            "/v1/wallet/succession", "succession",
            "Which wallets would take over, and how far this device and the others have moved",
            answers: [.json(SuccessionProgress.schema, "How far it is.")]
        ) { routes, _ in APIResponse.json(routes.successions.progress().json) },
        .post(
            "/v1/wallet/succession/draft", "succession", "What both wallets have to sign for one to take over",
            body: .required(SuccessionDraftRequest.schema),
            answers: [.json(SuccessionPlan.schema, "Statements without signatures.")],
            errors: .recipient + [
                400: ["same_wallet"], 403: ["not_an_owner", "ephemeral_device"], 409: ["succession_under_way"],
                500: ["file_damaged"],
            ]
        ) { routes, request in
            APIResponse.json(try routes.successions.plan(await request.read(SuccessionDraftRequest.init)).json)
        },
        .post(
            "/v1/wallet/succession", "succession", "Takes what they signed, and tells the family",
            body: .required(SignedSuccession.schema), answers: [.json(SuccessionProgress.schema, "How far it is.")],
            errors: [
                403: ["not_an_owner", "succession_invalid", "ephemeral_device"],
                409: ["succession_under_way", "no_draft", "too_many_successions"], 500: ["file_damaged"],
            ]
        ) { routes, request in
            try routes.successions.take(await request.read(SignedSuccession.init))
            await routes.successions.tell()
            return APIResponse.json(routes.successions.progress().json)
        },
        .post(
            "/v1/wallet/succession/follow", "succession", "The user decides for one",
            body: .required(SuccessionRequest.schema), answers: [.json(SuccessionProgress.schema, "How far it is.")],
            errors: [403: ["succession_invalid"], 404: ["unknown_succession"], 409: ["succession_under_way"]]
        ) { routes, request in
            try routes.successions.follow(await request.read(SuccessionRequest.init).successor)
            return APIResponse.json(routes.successions.progress().json)
        },
    ]
}
