import Foundation

/// Times as people read them. All are milliseconds since 1970.
struct Moments: Sendable {
    let now: Int64
    let timeZone: TimeZone

    init(_ context: CommandContext) {
        now = context.now()
        timeZone = context.timeZone
    }

    init(now: Int64, timeZone: TimeZone) {
        self.now = now
        self.timeZone = timeZone
    }

    /// `now`, `5 s ago`, `3 min ago`, `2 h ago`; the date from a day on.
    func relative(_ time: Int64) -> String {
        let past = now - time
        if past < 1000 { return "now" }
        return past < 86_400_000 ? Self.span(past) + " ago" : date(time)
    }

    /// `2026-11-21 10:03:12`, by the clock on the wall.
    func clock(_ time: Int64) -> String {
        let parts = parts(of: time)
        return "\(date(parts)) \(Self.digits(parts.hour)):\(Self.digits(parts.minute)):\(Self.digits(parts.second))"
    }

    func date(_ time: Int64) -> String { date(parts(of: time)) }

    /// The largest unit of a duration that fits: `40 ms`, `5 s`, `3 min`, `2 h`, `4 d`.
    static func span(_ milliseconds: Int64) -> String {
        switch max(milliseconds, 0) {
        case let span where span < 1000: "\(span) ms"
        case let span where span < 60_000: "\(span / 1000) s"
        case let span where span < 3_600_000: "\(span / 60_000) min"
        case let span where span < 86_400_000: "\(span / 3_600_000) h"
        case let span: "\(span / 86_400_000) d"
        }
    }

    private func parts(of time: Int64) -> DateComponents {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = timeZone
        let date = Date(timeIntervalSince1970: Double(time) / 1000)
        return calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
    }

    private func date(_ parts: DateComponents) -> String {
        "\(parts.year ?? 0)-\(Self.digits(parts.month))-\(Self.digits(parts.day))"
    }

    private static func digits(_ number: Int?) -> String {
        let text = String(number ?? 0)
        return text.count < 2 ? "0" + text : text
    }
}
