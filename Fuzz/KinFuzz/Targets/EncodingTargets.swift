import KinEncoding

extension FuzzTarget {
    static let jsonAlphabet = #"{}[]:,"\ -+.0123456789eEabfnrtu"#

    static let encodings = [
        FuzzTarget(name: "json", alphabet: jsonAlphabet + "\u{0}\u{7f}é𝄞") { bytes in
            if let canonical = try? JSON.parseCanonical(bytes) {
                try promise(canonical.canonicalBytes() == bytes, "canonical bytes are written otherwise")
            }
            guard let json = try? JSON.parse(bytes) else {
                try promise((try? JSON.parseCanonical(bytes)) == nil, "what is no JSON is canonical")
                return false
            }
            let written = json.canonicalBytes()
            let again = try JSON.parse(written)
            try promise(again.canonicalBytes() == written, "canonical bytes are not stable")
            return true
        },
        FuzzTarget(name: "base58", alphabet: "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0OIl") {
            bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            guard let decoded = try? Base58.decode(text) else { return false }
            try promise(Base58.encode(decoded) == text, "base58 text is written otherwise")
            return true
        },
        FuzzTarget(name: "bech32", alphabet: "qpzry9x8gf2tvdw0s3jn54khce6mua7l1QPZRYbio") { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            guard let end = text.lastIndex(of: "1") else { return false }
            let prefix = text[..<end].lowercased()
            guard let decoded = try? Bech32.decode(text, prefix: prefix) else { return false }
            try promise(Bech32.encode(prefix: prefix, decoded) == text.lowercased(), "bech32 text is written otherwise")
            return true
        },
    ]
}
