import Testing

@testable import KinMetrics

@Suite("Histograms and requests")
struct HistogramTests {
    private func values(_ histogram: Histogram) -> [String] {
        histogram.samples([]).map {
            "\($0.suffix) \($0.labels.map(\.value).joined()) \(MetricFamily.text(of: $0.value))"
        }
    }

    @Test("a bucket holds what is at most its bound, and all below it")
    func buckets() {
        let histogram = Histogram([1, 4])
        for value in [1, 2, 4, 5, 100] { histogram.observe(value) }
        #expect(values(histogram) == ["_bucket 1 1", "_bucket 4 3", "_bucket +Inf 5", "_sum  112", "_count  5"])
    }

    @Test("durations are shown in seconds")
    func seconds() {
        let histogram = Histogram([0.001, 1], unitsPerOne: 1e9)
        histogram.observe(.microseconds(1000))
        histogram.observe(.milliseconds(1500))
        #expect(
            values(histogram) == ["_bucket 0.001 1", "_bucket 1 1", "_bucket +Inf 2", "_sum  1.501", "_count  2"])
    }

    @Test("nothing is lost where many count at once")
    func concurrent() async {
        let counter = Counter()
        let histogram = Histogram([10])
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.add()
                        histogram.observe(3)
                    }
                }
            }
        }
        #expect(counter.value == 80_000)
        #expect(values(histogram).last == "_count  80000")
    }

    @Test("requests are counted by pattern, method and kind of answer; what no route takes is one more")
    func requests() {
        let registry = MetricRegistry()
        let requests = RequestMetrics(registry, prefix: "x", [("GET", "/a/{id}"), ("POST", "/a/{id}")])
        requests.route("GET", "/a/{id}").answered(status: 200, in: .milliseconds(2))
        requests.route("GET", "/a/{id}").answered(status: 404, in: .zero)
        requests.route("DELETE", "/a/{id}").answered(status: 405, in: .zero)
        requests.route("GET", nil).answered(status: 404, in: .zero)
        requests.route("GET", "/a/secret").answered(status: 999, in: .zero)
        let lines = MetricFamily.text(of: registry.families()).split(separator: "\n")
        #expect(
            lines.filter { $0.hasPrefix("x_request_total") } == [
                "x_request_total{route=\"/a/{id}\",method=\"GET\",status=\"2xx\"} 1",
                "x_request_total{route=\"/a/{id}\",method=\"GET\",status=\"4xx\"} 1",
                "x_request_total{route=\"none\",method=\"any\",status=\"4xx\"} 2",
                "x_request_total{route=\"none\",method=\"any\",status=\"5xx\"} 1",
            ])
        #expect(lines.contains("x_duration_seconds_count{route=\"/a/{id}\",method=\"GET\"} 2"))
        #expect(!lines.contains { $0.contains("secret") })
    }

    @Test("a process knows its memory, its files, its time and its start")
    func process() throws {
        let families = ProcessFigures(startedAt: 5).families()
        #expect(families.map(\.name).allSatisfy { $0.hasPrefix("process_") })
        let values = Dictionary(families.map { ($0.name, $0.samples.first?.value) }) { $1 }
        #expect(values["process_start_time_seconds"] == 5)
        #expect(try #require(values["process_cpu_seconds_total"] as? Double) > 0)
        #if os(Linux)
            #expect(try #require(values["process_resident_memory_bytes"] as? Double) > 1_000_000)
            #expect(try #require(values["process_open_fds"] as? Double) >= 3)
        #endif
    }
}
