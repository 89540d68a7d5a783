import Testing

@testable import KinMetrics

@Suite("The text a scraper reads")
struct TextTests {
    @Test("a counter has its help, its type and its value")
    func counter() {
        let registry = MetricRegistry()
        let counter = registry.counter("a_total", "How many a.")
        counter.add()
        counter.add(41)
        #expect(
            MetricFamily.text(of: registry.families())
                == "# HELP a_total How many a.\n# TYPE a_total counter\na_total 42\n")
    }

    @Test("every value of a label is there from the start, and what is none of them is other")
    func labels() {
        let registry = MetricRegistry()
        let counters = registry.counters("b_total", "B.", by: "code", ["x", "y"])
        counters["y"].add(2)
        counters["a user's \"words\"\n"].add()
        let lines = MetricFamily.text(of: registry.families()).split(separator: "\n").dropFirst(2)
        #expect(lines == ["b_total{code=\"x\"} 0", "b_total{code=\"y\"} 2", "b_total{code=\"other\"} 1"])
    }

    @Test("quotes, backslashes and line breaks cannot end a value or a line")
    func escaping() {
        let family = MetricFamily(
            "g", "one\\two\nthree \"four\"", .gauge,
            [.init(labels: [.init("l", "a\"b\\c\nd")], value: 1)])
        #expect(
            MetricFamily.text(of: [family])
                == "# HELP g one\\\\two\\nthree \"four\"\n# TYPE g gauge\ng{l=\"a\\\"b\\\\c\\nd\"} 1\n")
    }

    @Test("a figure that is not known has its name and no value")
    func unknown() {
        #expect(MetricFamily.text(of: [.gauge("g", "G.", nil as Int?)]) == "# HELP g G.\n# TYPE g gauge\n")
        let some = MetricFamily.gauge("g", "G.", by: "k", ["a": 1, "b": nil])
        #expect(some.samples == [.init(labels: [.init("k", "a")], value: 1)])
    }

    @Test(
        "numbers are as Prometheus reads them",
        arguments: [
            (0, "0"), (-3, "-3"), (0.25, "0.25"), (1e15, "1000000000000000"), (.infinity, "+Inf"), (-.infinity, "-Inf"),
            (.nan, "NaN"),
        ] as [(Double, String)])
    func numbers(value: Double, text: String) { #expect(MetricFamily.text(of: value) == text) }
}
