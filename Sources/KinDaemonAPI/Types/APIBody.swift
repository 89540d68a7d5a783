import KinEncoding
import KinWire

/// Reads bodies of the local API: JSON objects whose every member is known.
enum APIBody {
    /// - Parameter passingOverOthers: of an answer that must be understood while another version of the daemon runs: what is not known is passed over.
    static func read<T>(
        _ bytes: [UInt8], passingOverOthers: Bool = false, _ body: (inout Fields) throws(WireError) -> T
    ) throws -> T {
        do throws(WireError) {
            let json: JSON
            do { json = try JSON.parse(bytes).withWholeNumbers } catch {
                throw WireError.invalid("the body is not JSON, at byte \(error.offset): \(error.message)")
            }
            var fields = try Fields(json, in: "body")
            let value = try body(&fields)
            if !passingOverOthers { try fields.end() }
            return value
        } catch {
            throw KinError("invalid_request", error.message, category: .usage)
        }
    }

    static func array<T>(_ items: [JSON], _ read: (JSON) throws(WireError) -> T) throws(WireError) -> [T] {
        var values: [T] = []
        for item in items { values.append(try read(item)) }
        return values
    }

    /// An object of numbers.
    static func counts(_ json: JSON) throws(WireError) -> [String: Int64] {
        guard case .object(let members) = json else { throw .invalid("body: counts are an object") }
        var counts: [String: Int64] = [:]
        for (name, value) in members {
            guard case .integer(let count) = value, count >= 0 else {
                throw .invalid("body: field \(name.prefix(64)) must be a count")
            }
            counts[name] = count
        }
        return counts
    }
}

extension Fields {
    /// A member that may be absent or null.
    mutating func given<T>(
        _ name: String, _ read: (inout Fields, String) throws(WireError) -> T
    ) throws(WireError) -> T? {
        has(name) ? try nullable(name, read) : nil
    }

    mutating func text(_ name: String) throws(WireError) -> String { try string(name, maxBytes: 1 << 20) }

    mutating func givenText(_ name: String) throws(WireError) -> String? {
        try given(name) { fields, name throws(WireError) in try fields.text(name) }
    }

    mutating func givenTime(_ name: String) throws(WireError) -> Int64? {
        try given(name) { fields, name throws(WireError) in try fields.time(name) }
    }
}
