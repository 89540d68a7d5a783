public import KinCrypto
import KinWire

/// The person at the keyboard, or the program at the other end of standard input.
public protocol Terminal: Sendable {
    /// Whether a person can be asked.
    var canAsk: Bool { get }

    /// One line, seen while it is typed.
    /// - Throws: `input_ended`.
    func ask(_ prompt: String) throws -> String

    /// One line, not seen while it is typed, straight into guarded memory.
    /// - Throws: `input_ended`, `input_too_large`, `interrupted`.
    func askSecret(_ prompt: String) throws -> SecretBytes

    /// Standard input to its end.
    /// - Throws: `input_too_large` beyond `limit` bytes.
    func readAll(limit: Int) throws -> SecretBytes

    /// What standard input has, once it has something; nothing at its end.
    func readSome() throws -> [UInt8]
}

extension KinError {
    static let inputEnded = KinError("input_ended", "the input ended before an answer", category: .usage)
    static let interrupted = KinError("interrupted", "interrupted; nothing was changed")

    static func inputTooLarge(_ limit: Int) -> KinError {
        KinError(
            "input_too_large",
            "the input is longer than \(limit) bytes: what is larger goes as a file, with  kin share",
            category: .tooLarge)
    }
}
