import Foundation
import Testing

@testable import KinCommands

@Suite("Times")
struct MomentsTests {
    private let moments: Moments

    init() throws { moments = Moments(now: Stage.now, timeZone: try #require(TimeZone(identifier: "UTC"))) }

    @Test(
        "the past is told by its largest unit, and by its date from a day on",
        arguments: [
            (-5000, "now"), (0, "now"), (999, "now"), (5000, "5 s ago"), (59_999, "59 s ago"), (60_000, "1 min ago"),
            (3_599_999, "59 min ago"), (3_600_000, "1 h ago"), (86_399_999, "23 h ago"), (86_400_000, "2026-11-20"),
        ] as [(Int64, String)])
    func relative(past: Int64, text: String) { #expect(moments.relative(Stage.now - past) == text) }

    @Test(
        "a span is told by its largest unit",
        arguments: [
            (-1, "0 ms"), (40, "40 ms"), (1000, "1 s"), (61_000, "1 min"), (7_200_000, "2 h"), (200_000_000, "2 d"),
        ] as [(Int64, String)])
    func span(milliseconds: Int64, text: String) { #expect(Moments.span(milliseconds) == text) }

    @Test("the clock is that of the time zone")
    func clock() throws {
        #expect(moments.clock(Stage.now) == "2026-11-21 10:03:12")
        let tokyo = Moments(now: Stage.now, timeZone: try #require(TimeZone(identifier: "Asia/Tokyo")))
        #expect(tokyo.clock(Stage.now) == "2026-11-21 19:03:12")
    }
}
