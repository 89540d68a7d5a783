import KinCalls
import KinEncoding
import KinFileAccess
import KinWire

extension IncomingCall {
    /// Reads an input in which every member must be known.
    func reading<T>(_ read: (inout Fields) throws(WireError) -> T) throws(WireError) -> T {
        var fields = try Fields(input, in: operation.description)
        let value = try read(&fields)
        try fields.end()
        return value
    }

    /// Answers how far a long work is while it goes on: `{"checked": bytes}`. Whoever wants one answer gets the last alone.
    func tellingProgress<T: Sendable>(
        _ work: @escaping @Sendable (@escaping @Sendable (Int64) -> Void) async throws -> T
    ) async throws -> T {
        guard !endsWithFirst else { return try await work { _ in } }
        let (steps, continuation) = AsyncStream.makeStream(of: Int64.self, bufferingPolicy: .bufferingNewest(1))
        // Told beside the work: who reads slowly does not hold it up.
        async let telling: Void = tell(steps)
        let outcome: Result<T, any Error>
        do { outcome = .success(try await work { continuation.yield($0) }) } catch { outcome = .failure(error) }
        continuation.finish()
        await telling
        return try outcome.get()
    }

    private func tell(_ steps: AsyncStream<Int64>) async {
        for await bytes in steps { try? await respond(.object(["checked": .integer(bytes)])) }
    }
}

extension FileDigest {
    var json: JSON { .object(["sha256": .hex(sha256), "version": .string(version)]) }
}

extension WriteIntent {
    /// Of a file whose bytes came along.
    init(_ fields: inout Fields, size: Int) throws(WireError) {
        self.init(
            path: try fields.filePath(), size: Int64(size), mode: try fields.mode() ?? 0o644,
            overwrites: try fields.flag("overwrite") ?? false)
    }
}

extension Fields {
    mutating func flag(_ name: String) throws(WireError) -> Bool? {
        try optional(name) { fields, name throws(WireError) in try fields.bool(name) }
    }

    mutating func number(_ name: String, _ range: ClosedRange<Int64>) throws(WireError) -> Int64? {
        try optional(name) { fields, name throws(WireError) in
            try fields.integer(name, from: range.lowerBound, to: range.upperBound)
        }
    }

    mutating func mode() throws(WireError) -> UInt32? {
        try optional("mode") { fields, name throws(WireError) in try FileMode.read(&fields, name) }
    }

    mutating func optionalName(_ name: String) throws(WireError) -> String? {
        try optional(name) { fields, name throws(WireError) in try fields.string(name, maxBytes: 1024) }
    }

    /// A part's name.
    mutating func token(isOptional: Bool = false) throws(WireError) -> String? {
        isOptional && !has("part") ? nil : try string("part", maxBytes: 64)
    }
}
