import HTTPTypes
import KinWire

/// Finds the route of a request.
struct RouteTable: Sendable {
    struct Match: Sendable {
        var route: LocalRoute
        /// What stands in the places of the path's parameters.
        var parameters: [String: String]
    }

    /// Why there is none.
    enum Miss: Error, Hashable {
        case path
        /// - allowed: as the `Allow` header says it.
        case method(allowed: String)
    }

    private struct Path: Sendable {
        let segments: [Substring]
        var routes: [LocalRoute]
    }

    private let paths: [Path]

    init(_ routes: [LocalRoute]) {
        var paths: [Path] = []
        for route in routes {
            let segments = Self.segments(route.path)
            if let index = paths.firstIndex(where: { $0.segments == segments }) {
                paths[index].routes.append(route)
            } else {
                paths.append(Path(segments: segments, routes: [route]))
            }
        }
        // A name wins over a parameter in its place.
        self.paths = paths.sorted { Self.rank($0.segments) < Self.rank($1.segments) }
    }

    /// `HEAD` finds the route of `GET`.
    func find(_ method: HTTPRequest.Method, _ path: String) -> Result<Match, Miss> {
        let segments = Self.segments(path)
        for candidate in paths {
            guard let parameters = Self.parameters(candidate.segments, segments) else { continue }
            guard let route = candidate.routes.first(where: { $0.method == (method == .head ? .get : method) }) else {
                return .failure(.method(allowed: Self.allowed(candidate.routes)))
            }
            return .success(Match(route: route, parameters: parameters))
        }
        return .failure(.path)
    }

    private static func allowed(_ routes: [LocalRoute]) -> String {
        routes.flatMap { $0.method == .get ? ["GET", "HEAD"] : [$0.method.rawValue] }.joined(separator: ", ")
    }

    private static func segments(_ path: String) -> [Substring] {
        path.split(separator: "/", omittingEmptySubsequences: false)
    }

    private static func isParameter(_ segment: Substring) -> Bool { segment.hasPrefix("{") }

    private static func rank(_ segments: [Substring]) -> Int { segments.count(where: isParameter) }

    private static func parameters(_ pattern: [Substring], _ segments: [Substring]) -> [String: String]? {
        guard pattern.count == segments.count else { return nil }
        var parameters: [String: String] = [:]
        for (wanted, given) in zip(pattern, segments) {
            if isParameter(wanted) {
                guard !given.isEmpty else { return nil }
                parameters[String(wanted.dropFirst().dropLast())] = String(given)
            } else if wanted != given {
                return nil
            }
        }
        return parameters
    }
}
