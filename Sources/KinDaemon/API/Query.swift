import Hummingbird
import KinDaemonAPI
import KinWire

/// The query parameters of one request, each known to its route, of its kind and given once.
struct Query: Sendable {
    private let parameters: [String: String]

    /// One that is misspelt would be a filter that is not applied.
    /// - Throws: `invalid_request`.
    init(_ request: Request, _ route: LocalRoute) throws {
        let known = route.parameters.filter { $0.place == .query }
        var parameters: [String: String] = [:]
        for (name, value) in request.uri.queryParameters {
            guard let parameter = known.first(where: { $0.name == name }) else {
                throw Self.unknown(name, known.map(\.name))
            }
            guard parameters.updateValue(String(value), forKey: parameter.name) == nil else {
                throw Self.invalid(parameter.name, "be given once")
            }
            try Self.check(String(value), parameter)
        }
        if let missing = known.first(where: { $0.isRequired && parameters[$0.name] == nil }) {
            throw Self.invalid(missing.name, "be given")
        }
        self.parameters = parameters
    }

    subscript(_ name: String) -> String? { parameters[name] }

    func integer(_ name: String) -> Int64? { self[name].flatMap { Int64($0) } }

    func bool(_ name: String) -> Bool { self[name] == "true" }

    func topic() -> TopicName? { self["topic"].flatMap { Self.topic($0) } }

    /// With or without the # that sends have.
    private static func topic(_ text: String) -> TopicName? {
        TopicName(text.hasPrefix("#") ? String(text.dropFirst()) : text)
    }

    /// How many to give: within what one page may hold.
    func limit(_ name: String = "limit") -> Int {
        let limit = integer(name) ?? Int64(DaemonRoutes.defaultPage)
        return Int(min(max(limit, 1), Int64(InboxParameters.maxLimit)))
    }

    private static func check(_ value: String, _ parameter: LocalRoute.Parameter) throws {
        switch parameter.schema.form {
        case .integer(let range):
            guard let number = Int64(value), range.contains(number) else {
                throw invalid(
                    parameter.name, "be a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
        case .boolean:
            guard ["true", "false"].contains(value) else { throw invalid(parameter.name, "be true or false") }
        case .text(let text):
            guard value.unicodeScalars.count <= text.longest ?? .max else {
                throw invalid(parameter.name, "be at most \(text.longest ?? 0) characters")
            }
            if parameter.schema == .topic, topic(value) == nil {
                throw invalid(parameter.name, "be a topic's name: 1 to 64 of a-z 0-9 . _ -")
            }
        default: break
        }
    }

    static func invalid(_ name: String, _ expectation: String) -> KinError {
        KinError("invalid_request", "\(name) must \(expectation)", category: .usage)
    }

    private static func unknown(_ name: Substring, _ known: [String]) -> KinError {
        let others = known.isEmpty ? "there are none here" : "known are \(known.joined(separator: ", "))"
        return KinError(
            "invalid_request", "\(name.prefix(64)) is no query parameter of this route: \(others)", category: .usage)
    }
}
