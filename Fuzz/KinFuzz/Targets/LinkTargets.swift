import KinCrypto
import KinEncoding
import KinLink
import KinNoise
import KinWire

// Handshakes, and what runs inside links.

extension FuzzTarget {
    /// Keys that stand still, so that an input is read in every run: those of the corpus.
    private enum FixedKeys {
        static let caller = key(1)
        static let called = key(2)
        static let callerEphemeral = key(3)
        static let calledEphemeral = key(4)
        static let psk = SecretBytes(copying: [UInt8](repeating: 5, count: 32))

        private static func key(_ byte: UInt8) -> X25519.PrivateKey? {
            try? X25519.PrivateKey(SecretBytes(copying: [UInt8](repeating: byte, count: 32)))
        }
    }

    /// Reads an input as the called side's first message; what it reads is what the caller writes, and nothing else.
    private static func isRead(_ input: [UInt8], by pattern: String) throws -> Bool {
        guard let caller = FixedKeys.caller, let called = FixedKeys.called, let mine = FixedKeys.callerEphemeral,
            let theirs = FixedKeys.calledEphemeral
        else { throw BrokenPromise("a key of 32 bytes is none") }
        let isIK = pattern == "ik"
        var initiator =
            isIK
            ? NoiseHandshake.initiatingIK(
                prologue: [1], own: caller, remote: called.publicKey, ephemeral: mine)
            : try .nnpsk0(.initiator, prologue: [1], psk: FixedKeys.psk, ephemeral: mine)
        var responder =
            isIK
            ? NoiseHandshake.respondingIK(prologue: [1], own: called, ephemeral: theirs)
            : try .nnpsk0(.responder, prologue: [1], psk: FixedKeys.psk, ephemeral: theirs)
        let first = try initiator.write([7])
        let isFirst = (try? responder.read(input)) != nil
        try promise(isFirst == (input == first), "a first message is read that was not written, or the reverse")
        if !isFirst {
            try promise((try? responder.write([])) == nil, "a handshake goes on after a refusal")
        }
        var answering =
            isIK
            ? NoiseHandshake.respondingIK(prologue: [1], own: called, ephemeral: theirs)
            : try .nnpsk0(.responder, prologue: [1], psk: FixedKeys.psk, ephemeral: theirs)
        _ = try answering.read(first)
        let second = try answering.write([8])
        let isSecond = (try? initiator.read(input)) != nil
        try promise(isSecond == (input == second), "a second message is read that was not written, or the reverse")
        var transport = try answering.split()
        try promise((try? transport.open(input)) == nil, "a transport message is read that was not written")
        return isFirst || isSecond
    }

    private static let hexAlphabet = "\u{0}\u{1}\u{2}\u{7f}0123456789abcdef"

    static let links = [
        FuzzTarget(name: "noise-ik", alphabet: hexAlphabet) { try isRead($0, by: "ik") },
        FuzzTarget(name: "noise-nnpsk0", alphabet: hexAlphabet) { try isRead($0, by: "nnpsk0") },
        FuzzTarget(name: "link-opening", alphabet: jsonAlphabet, isStructured: true) { bytes in
            guard let opening = try? LinkOpening(canonical: bytes) else { return false }
            try promise(opening.canonicalBytes() == bytes, "an opening is written otherwise")
            return true
        },
        FuzzTarget(name: "link-answer", alphabet: jsonAlphabet, isStructured: true) { bytes in
            guard let answer = try? LinkAnswer(canonical: bytes) else { return false }
            try promise(answer.canonicalBytes() == bytes, "an answer is written otherwise")
            return true
        },
        FuzzTarget(name: "link-record", alphabet: "\u{0}\u{1}\u{2}\u{3}done_") { bytes in
            guard let record = try? LinkRecord(bytes) else { return false }
            try promise(record.encoded() == bytes, "a message is written otherwise")
            return true
        },
        FuzzTarget(name: "pairing-code", alphabet: "ABCXYZabcxyz0189-_= \n") { bytes in
            guard let code = try? PairingCode(text: String(decoding: bytes, as: UTF8.self)) else { return false }
            try promise(try PairingCode(text: code.text) == code, "a code is read otherwise from its own text")
            try promise(
                code.server.hasPrefix("https://") || code.server.hasPrefix("http://localhost")
                    || code.server.hasPrefix("http://127.") || code.server.hasPrefix("http://[::1]"),
                "an address is taken that must not be dialled")
            _ = try PairingRoom(code)
            return true
        },
    ]
}
