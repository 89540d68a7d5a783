/// Has a terminal that reads line by line (termios(3), "canonical mode") hand on every byte as it is: a pure state machine over what goes to it.
///
/// Such a terminal holds 4,095 bytes of a line and drops what is more, unless it is told to hand on what it has: Control-D. It takes some bytes for keys:
/// before each of those goes Control-V.
struct CanonicalInput {
    private static let maxHeld = 4_000
    private static let handOn: UInt8 = 0x04
    private static let literally: UInt8 = 0x16
    /// EOF, INTR, QUIT, SUSP and DSUSP, START and STOP, ERASE, KILL, WERASE, LNEXT, REPRINT, DISCARD; and CR, which would become LF.
    private static let keys: Set<UInt8> = [
        0x03, 0x04, 0x0d, 0x0f, 0x11, 0x12, 0x13, 0x15, 0x16, 0x17, 0x19, 0x1a, 0x1c, 0x7f,
    ]

    /// Bytes of the line that has begun and was not handed on.
    private var held = 0

    mutating func take(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var typed: [UInt8] = []
        typed.reserveCapacity(bytes.count + bytes.count / Self.maxHeld + 1)
        for byte in bytes {
            let endsLine = byte == UInt8(ascii: "\n")
            if held == Self.maxHeld, !endsLine {
                typed.append(Self.handOn)
                held = 0
            }
            if Self.keys.contains(byte) { typed.append(Self.literally) }
            typed.append(byte)
            held = endsLine ? 0 : held + 1
        }
        return typed
    }

    /// What says that no more comes: where a line has begun, the first hands it on.
    var end: [UInt8] { Array(repeating: Self.handOn, count: held > 0 ? 2 : 1) }
}
