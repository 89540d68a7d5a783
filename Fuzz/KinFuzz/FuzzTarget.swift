/// One parser of bytes from outside, with what must hold for whatever it reads.
struct FuzzTarget: Sendable {
    /// The folder's name under `Fuzz/corpus`.
    let name: String
    /// Bytes that mean something in the format.
    let alphabet: String
    /// Whether an input's first line is JSON, to be damaged as such every other time.
    var isStructured = false
    /// Whether the bytes were read. Reading must end, and what was read must be written so that it is read alike.
    let check: @Sendable (_ bytes: [UInt8]) throws -> Bool

    /// All of them; each file under `Targets` holds those of one part.
    static let all =
        encodings + wire + mesh + mail + topics + identity + vault + joining + links + calls + screens + live

    static var names: String { all.map { $0.name }.joined(separator: ", ") }
}

/// An input for which a promise does not hold.
struct BrokenPromise: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

func promise(_ condition: Bool, _ description: @autoclosure () -> String) throws {
    guard condition else { throw BrokenPromise(description()) }
}
