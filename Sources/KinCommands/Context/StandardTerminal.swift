import Foundation
import KinCrypto
import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Standard input of this process.
struct StandardTerminal: Terminal {
    /// Bytes of one secret line: more than 24 words with room for any white space between them.
    private static let secretLimit = 1024
    /// Bytes of one line that is seen.
    private static let lineLimit = 64 << 10

    let prompts: any TextStream

    var canAsk: Bool { isatty(STDIN_FILENO) == 1 }

    func ask(_ prompt: String) throws -> String {
        try prompts.write(prompt)
        var line: [UInt8] = []
        while true {
            // Not by the C library's stream: a process that ends while another thread reads there might wait for its lock.
            guard let key = try Self.nextKey() else {
                guard !line.isEmpty else { throw KinError.inputEnded }
                break
            }
            if key == UInt8(ascii: "\n") { break }
            guard line.count < Self.lineLimit else { throw KinError.inputTooLarge(Self.lineLimit) }
            line.append(key)
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// nil at the end of input.
    private static func nextKey() throws -> UInt8? {
        var key: UInt8 = 0
        while true {
            let count = read(STDIN_FILENO, &key, 1)
            if count >= 0 { return count == 1 ? key : nil }
            guard errno == EINTR else { throw unreadable(errno) }
        }
    }

    func askSecret(_ prompt: String) throws -> SecretBytes {
        try prompts.write(prompt)
        var usual = termios()
        guard tcgetattr(STDIN_FILENO, &usual) == 0 else { throw KinError.inputEnded }
        var silent = usual
        // Keys come one by one and unseen, Control-C among them, so that the terminal is always put back.
        silent.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG | IEXTEN)
        guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0 else { throw KinError.inputEnded }
        defer {
            // What was pasted beyond the line is thrown away: a shell would take it for commands and keep it.
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &usual)
            try? prompts.write("\n")
        }
        return try SecretLine.read(limit: Self.secretLimit) {
            var key: UInt8 = 0
            return read(STDIN_FILENO, &key, 1) == 1 ? key : nil
        }
    }

    func readAll(limit: Int) throws -> SecretBytes {
        var filled = 0
        let room = try SecretBytes(count: limit + 1) { buffer in
            while filled < buffer.count {
                let count = read(STDIN_FILENO, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
                if count == 0 { return }
                if count < 0 {
                    guard errno == EINTR else { throw Self.unreadable(errno) }
                    continue
                }
                filled += count
            }
            throw KinError.inputTooLarge(limit)
        }
        return room.withBytes { SecretBytes(copying: $0.prefix(filled)) }
    }

    func readSome() throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, filled in
            while true {
                let count = read(STDIN_FILENO, buffer.baseAddress, buffer.count)
                if count >= 0 { return filled = count }
                guard errno == EINTR else { throw Self.unreadable(errno) }
            }
        }
    }

    private static func unreadable(_ code: Int32) -> KinError {
        KinError("input_failed", "the input cannot be read: \(String(cString: strerror(code)))")
    }
}
