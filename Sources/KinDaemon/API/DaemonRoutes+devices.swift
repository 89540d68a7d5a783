import KinDaemonAPI
import KinWire

// Who belongs to the family and the mesh, and the end of that (docs/protocol/local-api.md, "Revoking").

extension DaemonRoutes {
    private func peers() -> DeviceList {
        presence.read { family.peers(state: $0) }
    }

    static let devices: [LocalRoute] = [
        .get(
            "/v1/devices", "devices",
            "The family by name, asked afresh from the relays, with the cache for those offline",
            answers: [.json(DeviceList.schema, "The devices.")]
        ) { routes, _ in APIResponse.json(await routes.directory.refreshed().json) },
        .get(
            "/v1/peers", "peers", "The members of the mesh as the broker knows them",
            answers: [.json(DeviceList.schema, "The members.")]
        ) { routes, _ in APIResponse.json(routes.peers().json) },
        .post(
            "/v1/profile", "profile", "Changes what this device says of itself",
            body: .required(ProfileChange.schema), answers: [.json(ProfileShown.schema, "What it says now.")],
            errors: .store
        ) { routes, request in
            let profile = try routes.profiles.set(await request.read(ProfileChange.init))
            return APIResponse.json(ProfileShown(profile).json)
        },
        .get(
            "/v1/members", "peers", "The members with what they are certified for, and who was revoked",
            answers: [.json(MemberList.schema, "The members.")]
        ) { routes, _ in APIResponse.json(routes.revoking.members().json) },
        .post(
            "/v1/device/revoke", "revocation", "Revokes a device, or says what the wallet has to sign",
            body: .required(RevokeRequest.schema),
            answers: [.json(RevokeAnswer.schema, "The entry, and whether it holds already.")],
            errors: .recipient + [
                400: ["not_dependent"], 403: ["revocation_invalid"], 409: ["device_has_dependents"],
            ]
        ) { routes, request in
            APIResponse.json(try routes.revoking.revoke(await request.read(RevokeRequest.init)).json)
        },
        .post(
            "/v1/revocations", "revocation", "Takes a revocation that was signed elsewhere",
            body: .required(SignedRevocation.schema), answers: [.json(RevokeAnswer.schema, "The entry.")],
            errors: [403: ["revocation_invalid"]]
        ) { routes, request in
            APIResponse.json(try routes.revoking.take(await request.read(SignedRevocation.init)).json)
        },
    ]
}
