import HTTPTypes
import Hummingbird
import KinDaemonAPI

/// One route of the local API: all that is said of it, and what answers it. Routing, the checks before a route is asked, the metrics and
/// `GET /openapi.json` come from the one table of these, `DaemonRoutes.table`.
struct LocalRoute: Sendable {
    /// Who may ask.
    enum Access: Sendable {
        /// Over TCP with the token, over the Unix socket without.
        case ordinary
        /// Also over TCP without the token, where the user opened it.
        case openable
        /// Never over TCP.
        case socketOnly
    }

    struct Parameter: Sendable {
        enum Place: String, Sendable { case query, header, path }

        var place: Place
        var name: String
        var schema: Schema
        var isRequired = false
    }

    struct Body: Sendable {
        var schema: Schema
        var isRequired: Bool
        var mediaType = "application/json"

        static func required(_ schema: Schema) -> Body { Body(schema: schema, isRequired: true) }
        /// Where nothing has to be said, nothing need be sent.
        static func optional(_ schema: Schema) -> Body { Body(schema: schema, isRequired: false) }
    }

    struct Answer: Sendable {
        var status: Int
        var note: String
        var mediaType: String
        var schema: Schema

        static func json(_ schema: Schema, _ note: String, status: Int = 200) -> Answer {
            Answer(status: status, note: note, mediaType: "application/json", schema: schema)
        }
    }

    var method: HTTPRequest.Method
    /// With its parameters in braces: `/v1/message/{client_message_id}`.
    var path: String
    /// One word for what it belongs to: among `ipc_features` of `GET /v1/version`.
    var group: String
    /// One sentence, without a point.
    var summary: String
    var parameters: [Parameter] = []
    var body: Body?
    var answers: [Answer]
    /// Beside those that any route may give.
    var errors: RouteErrors = [:]
    var access = Access.ordinary
    let respond: @Sendable (DaemonRoutes, LocalRequest) async throws -> Response

    static func get(
        _ path: String, _ group: String, _ summary: String, _ parameters: [Parameter] = [], answers: [Answer],
        errors: RouteErrors = [:], access: Access = .ordinary,
        respond: @escaping @Sendable (DaemonRoutes, LocalRequest) async throws -> Response
    ) -> LocalRoute {
        LocalRoute(
            method: .get, path: path, group: group, summary: summary, parameters: parameters, body: nil,
            answers: answers, errors: errors, access: access, respond: respond)
    }

    static func post(
        _ path: String, _ group: String, _ summary: String, _ parameters: [Parameter] = [], body: Body,
        answers: [Answer], errors: RouteErrors = [:], access: Access = .ordinary,
        respond: @escaping @Sendable (DaemonRoutes, LocalRequest) async throws -> Response
    ) -> LocalRoute {
        LocalRoute(
            method: .post, path: path, group: group, summary: summary, parameters: parameters, body: body,
            answers: answers, errors: errors, access: access, respond: respond)
    }
}

extension LocalRoute.Parameter {
    static func query(_ name: String, _ schema: Schema, _ note: String? = nil, isRequired: Bool = false) -> Self {
        .init(place: .query, name: name, schema: note.map(schema.noted) ?? schema, isRequired: isRequired)
    }

    static func header(_ name: String, _ schema: Schema, _ note: String, isRequired: Bool = false) -> Self {
        .init(place: .header, name: name, schema: schema.noted(note), isRequired: isRequired)
    }

    static func path(_ name: String, _ schema: Schema, _ note: String) -> Self {
        .init(place: .path, name: name, schema: schema.noted(note), isRequired: true)
    }

    static let clientMessageID = path("client_message_id", .clientMessageID, "The message's id.")
    static let limit = query(
        "limit", .count,
        "How many at most; \(DaemonRoutes.defaultPage) unless said, \(InboxParameters.maxLimit) at most, 1 at least.")
    static let since = query("since", .time, "Only what was received at this time or later.")
    static let from = query("from", .text, "Only what came from this device: a name or member id.")
    static let topic = query("topic", .topic)
    /// Of two stores: sent and received.
    static let cursor = query(
        "cursor", .text(pattern: "(?:0|[1-9][0-9]{0,15})\\.(?:0|-?[1-9][0-9]{0,17}|-9223372036854775808)"),
        "From the page before.")
    static let newest = query("last", .count, "Begins with the newest so many.")
    static let rowCursor = query(
        "cursor", .integer(from: -(1 << 53 - 1)), "From the page before.")
}

extension LocalRoute {
    /// Everything it may answer beside its answers.
    var allErrors: RouteErrors {
        .common + (body == nil ? [:] : .body) + (access == .socketOnly ? [403: ["unix_socket_only"]] : [:]) + errors
    }
}
