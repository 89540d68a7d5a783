import Foundation
import Synchronization

/// The time of day as HTTP writes it (RFC 9110 §5.6.7), formatted once a second.
final class HTTPDate: Sendable {
    private let last = Mutex((second: Int.min, text: ""))

    var now: String {
        let second = time(nil)
        return last.withLock { last in
            if last.second != second { last = (second, Self.text(of: second)) }
            return last.text
        }
    }

    /// - Parameter second: since 1970.
    static func text(of second: Int) -> String {
        var (second, parts) = (time_t(second), tm())
        gmtime_r(&second, &parts)
        var text = [CChar](repeating: 0, count: 64)
        let count = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
