import CSodium

/// Ed25519 signatures (RFC 8032), each bound to a domain.
///
/// What is signed is always the domain's UTF-8, one zero byte, then the bytes; so no signature made for one purpose
/// passes for another, and there is no way to sign without saying what for. Domains are constants such as
/// `kindred/certificate/v1` and hold no zero byte.
public enum Ed25519 {
    static func message(_ bytes: some Collection<UInt8>, domain: String) -> [UInt8] {
        var message: [UInt8] = []
        message.reserveCapacity(domain.utf8.count + 1 + bytes.count)
        message.append(contentsOf: domain.utf8)
        message.append(0)
        message.append(contentsOf: bytes)
        return message
    }
}
