/// Finds credentials in addresses, where none belongs: addresses end up in logs and histories.
public enum AddressCredential {
    private static let names: Set<String> = ["token", "access_token", "api_key"]

    /// Whether a query (what follows the `?`) names a credential, however the name is written: what reads addresses elsewhere may read it in any case or escape.
    public static func isIn(query: String) -> Bool {
        query.utf8.split(whereSeparator: { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: ";") }).contains { part in
            names.contains(name(Array(part.prefix { $0 != UInt8(ascii: "=") })))
        }
    }

    /// Unescaped, in lower case.
    private static func name(_ escaped: [UInt8]) -> String {
        var bytes: [UInt8] = []
        var rest = escaped[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%"), let high = digit(rest.first), let low = digit(rest.dropFirst().first)
            else {
                bytes.append(byte)
                continue
            }
            bytes.append(high << 4 | low)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self).lowercased()
    }

    private static func digit(_ byte: UInt8?) -> UInt8? {
        guard let byte else { return nil }
        return Character(UnicodeScalar(byte)).isASCII
            ? Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) } : nil
    }
}
