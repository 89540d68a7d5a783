/// Why a handshake or a transport does not go on (Noise rev 34).
public enum NoiseFault: String, Error, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// Written where the other side's message comes next, or the reverse, or after the last one.
    case wrongTurn = "noise_wrong_turn"
    /// Split before its last message.
    case unfinished = "noise_unfinished"
    /// Used again after a message that was refused.
    case broken = "noise_broken"
    /// A message would have more than 65,535 bytes, or has.
    case tooLong = "noise_too_long"
    /// A message ends before its fields do.
    case tooShort = "noise_too_short"
    /// A message does not open: another key, psk or prologue, another place in the order, or changed bytes.
    case refused = "noise_refused"
    /// A public key is not canonical, or of small order.
    case keyInvalid = "noise_key_invalid"
    /// A pre-shared key has another length than 32 bytes.
    case pskLength = "noise_psk_length"
    /// 2^64 − 1 messages were sent under one key.
    case nonceExhausted = "noise_nonce_exhausted"

    public var description: String { rawValue }
}
