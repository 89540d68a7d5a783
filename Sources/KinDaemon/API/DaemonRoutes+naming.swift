import KinDaemonAPI

// What devices are called (docs/protocol/local-api.md, "Names").

extension DaemonRoutes {
    private static let errors: RouteErrors = .recipient + [400: ["this_device"], 500: ["home_not_writable"]]

    static let names: [LocalRoute] = [
        .post(
            "/v1/device/rename", "names", "Has this device call itself otherwise, to everybody",
            body: .required(RenameRequest.schema), answers: [.json(RenameAnswer.schema, "Its name.")],
            errors: [500: ["config_invalid", "config_unwritable", "home_not_writable"]]
        ) { routes, request in
            APIResponse.json(try routes.naming.rename(await request.read(RenameRequest.init)).json)
        },
        .post(
            "/v1/device/alias", "names", "Has a device called otherwise here",
            body: .required(AliasRequest.schema), answers: [.json(DeviceNaming.schema, "The device.")],
            errors: errors + [403: ["uncertified_recipient"], 409: ["alias_taken", "aliases_full"]]
        ) { routes, request in
            APIResponse.json(try routes.naming.alias(await request.read(AliasRequest.init)).json)
        },
        .post(
            "/v1/device/forget", "names", "Lists a device no more that is gone",
            body: .required(ForgetRequest.schema), answers: [.json(DeviceNaming.schema, "The device.")],
            errors: errors + [409: ["device_online"]]
        ) { routes, request in
            APIResponse.json(try await routes.naming.forget(await request.read(ForgetRequest.init)).json)
        },
    ]
}
