/// Counts HTTP requests by the route that answered: patterns of the server's own, never what a client wrote.
///
/// Only routes that were asked are shown.
public final class RequestMetrics: Sendable {
    /// One route's figures. Whoever dispatches requests may keep it beside the route: then counting takes no look-up.
    public final class Route: Sendable {
        let method: String
        let pattern: String
        let duration: Histogram
        /// By the first digit of the status, from 1 to 5.
        let answers: [Counter]

        fileprivate init(_ method: String, _ pattern: String) {
            self.method = method
            self.pattern = pattern
            duration = Histogram(Histogram.seconds, unitsPerOne: 1e9)
            answers = (1...5).map { _ in Counter() }
        }

        /// - Parameter duration: until the answer's head was there.
        public func answered(status: Int, in duration: Duration) {
            answers[min(max(status / 100, 1), 5) - 1].add()
            self.duration.observe(duration)
        }

        var labels: [MetricFamily.Label] { [.init("route", pattern), .init("method", method)] }
    }

    private let routes: [String: [Route]]
    private let none = Route("any", "none")
    private let all: [Route]

    /// - Parameters:
    ///   - prefix: of the names; `_request_total` and `_duration_seconds` are added.
    ///   - patterns: method and path pattern of every route.
    public init(
        _ registry: MetricRegistry, prefix: String, _ patterns: [(method: String, pattern: String)]
    ) {
        let known = patterns.map { Route($0.method, $0.pattern) }
        routes = Dictionary(grouping: known) { $0.pattern }
        all = known + [none]
        let all = all
        registry.add {
            MetricFamily(
                "\(prefix)_request_total", "HTTP requests answered, by route, method and first digit of the status.",
                .counter, all.flatMap(Self.answers))
        }
        registry.add {
            MetricFamily(
                "\(prefix)_duration_seconds", "Seconds until the head of the answer, by route and method.",
                .histogram, all.filter { $0.duration.count > 0 }.flatMap { $0.duration.samples($0.labels) })
        }
    }

    /// The route of that pattern and method; where there is none, what stands for requests that no route took.
    public func route(_ method: String, _ pattern: String?) -> Route {
        guard let pattern, let found = routes[pattern] else { return none }
        return found.first { $0.method == method } ?? none
    }

    private static func answers(_ route: Route) -> [MetricFamily.Sample] {
        route.answers.enumerated().compactMap { index, counter in
            guard counter.value > 0 else { return nil }
            return .init(labels: route.labels + [.init("status", "\(index + 1)xx")], value: Double(counter.value))
        }
    }
}
