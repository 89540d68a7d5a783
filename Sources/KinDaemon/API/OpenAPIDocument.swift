import KinDaemonAPI
import KinEncoding
import KinWire

/// `GET /openapi.json`: the table of routes as OpenAPI 3.1 says it (spec.openapis.org/oas/v3.1).
enum OpenAPIDocument {
    /// Made once: the table does not change.
    static let bytes = json(of: DaemonRoutes.table).canonicalBytes()

    static func json(of routes: [LocalRoute]) -> JSON {
        var components: [String: JSON] = [:]
        var paths: [String: [String: JSON]] = [:]
        for route in routes {
            paths[route.path, default: [:]][route.method.rawValue.lowercased()] = operation(route, &components)
        }
        return .object([
            "openapi": .string("3.1.0"),
            "info": .object([
                "title": .string("Kindred local API"), "version": .string(KinVersion.current),
                "description": .string(description),
                "license": .object(["name": .string("Apache-2.0"), "identifier": .string("Apache-2.0")]),
            ]),
            "servers": .array([.object(["url": .string("http://127.0.0.1:\(LocalListen.defaultPort)")])]),
            "security": .array([.object(["local_token": .array([])])]),
            "tags": .array(groups(of: routes).map { .object(["name": .string($0)]) }),
            "paths": .object(paths.mapValues { .object($0) }),
            "components": .object([
                "schemas": .object(components), "securitySchemes": .object(["local_token": scheme]),
            ]),
        ])
    }

    /// What the routes belong to, each once, in their order.
    static func groups(of routes: [LocalRoute]) -> [String] {
        var groups: [String] = []
        for route in routes where !groups.contains(route.group) { groups.append(route.group) }
        return groups
    }

    private static let description =
        "What programs on one machine ask of their daemon: the same over its Unix socket, where no token is asked for, and on 127.0.0.1. HEAD is answered where GET is. Times are milliseconds since 1970."

    private static let scheme = JSON.object([
        "type": .string("http"), "scheme": .string("bearer"),
        "description": .string(
            "The line in daemon/home/local_token of the daemon's home. Not asked for over the Unix socket."),
    ])

    private static func operation(_ route: LocalRoute, _ components: inout [String: JSON]) -> JSON {
        var operation: [String: JSON] = [
            "operationId": .string(operationID(route)), "tags": .strings([route.group]),
            "summary": .string(route.summary), "responses": responses(route, &components),
        ]
        if !route.parameters.isEmpty {
            operation["parameters"] = .array(route.parameters.map { parameter($0, &components) })
        }
        if let body = route.body {
            operation["requestBody"] = .object([
                "required": .bool(body.isRequired),
                "content": content(body.mediaType, body.schema, &components),
            ])
        }
        if route.access == .openable {
            operation["security"] = .array([.object(["local_token": .array([])])])
        }
        return .object(operation)
    }

    /// `GET /v1/outbox/{client_message_id}` is `get_outbox_by_id`.
    private static func operationID(_ route: LocalRoute) -> String {
        let words = route.path.split(separator: "/").filter { $0 != "v1" && !$0.hasPrefix("{") }
        let name = words.map { $0.replacing(".", with: "_") }.joined(separator: "_")
        return "\(route.method.rawValue.lowercased())_\(name)\(route.path.hasSuffix("}") ? "_by_id" : "")"
    }

    private static func parameter(_ parameter: LocalRoute.Parameter, _ components: inout [String: JSON]) -> JSON {
        var schema = parameter.schema
        schema.note = nil
        let members: [String: JSON] = [
            "name": .string(parameter.name), "in": .string(parameter.place.rawValue),
            "required": .bool(parameter.isRequired), "schema": schema.json(adding: &components),
        ]
        return .object(members.adding("description", parameter.schema.note) { .string($0) })
    }

    private static func responses(_ route: LocalRoute, _ components: inout [String: JSON]) -> JSON {
        var responses: [String: JSON] = [:]
        for (status, codes) in route.allErrors.codes {
            var response: [String: JSON] = [
                "description": .string(codes.joined(separator: ", ")),
                "content": content("application/json", APIError.schema, &components),
            ]
            if let headers = headers(status) { response["headers"] = headers }
            responses["\(status)"] = .object(response)
        }
        for answer in route.answers {
            responses["\(answer.status)"] = .object([
                "description": .string(answer.note),
                "content": content(answer.mediaType, answer.schema, &components),
            ])
        }
        return .object(responses)
    }

    private static func headers(_ status: Int) -> JSON? {
        switch status {
        case 401: .object(["WWW-Authenticate": header("Always Bearer.", .text)])
        case 429: .object(["Retry-After": header("Seconds, where it is known when there is room.", .count)])
        default: nil
        }
    }

    private static func header(_ note: String, _ schema: Schema) -> JSON {
        var none: [String: JSON] = [:]
        return .object(["description": .string(note), "schema": schema.json(adding: &none)])
    }

    private static func content(
        _ mediaType: String, _ schema: Schema, _ components: inout [String: JSON]
    ) -> JSON {
        .object([mediaType: .object(["schema": schema.json(adding: &components)])])
    }
}
