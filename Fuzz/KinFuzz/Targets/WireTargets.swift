import KinCrypto
import KinEncoding
import KinSession
import KinWire

extension FuzzTarget {
    static let wire = [
        FuzzTarget(name: "frame", alphabet: jsonAlphabet) { bytes in
            guard let frame = try? ReceivedFrame(bytes) else { return false }
            try promise(frame.message.encoded(body: frame.body) == bytes, "a frame is written otherwise")
            return true
        },
        FuzzTarget(name: "record", alphabet: jsonAlphabet) { bytes in
            guard let record = try? RegistryRecord(json: bytes) else { return false }
            let again = try RegistryRecord(json: record.canonicalBytes())
            // Not compared as values: an unknown 10e0 is written as 10, another way to say the same number.
            try promise(again.canonicalBytes() == record.canonicalBytes(), "a record's bytes are not stable")
            try promise(again.unsignedBytes() == record.unsignedBytes(), "what is signed is not stable")
            return true
        },
        FuzzTarget(name: "revocation", alphabet: jsonAlphabet) { bytes in
            guard let revocation = try? Revocation(canonical: bytes) else { return false }
            try promise(revocation.canonicalBytes() == bytes, "a revocation is written otherwise")
            return true
        },
        FuzzTarget(name: "succession", alphabet: jsonAlphabet) { bytes in
            guard let bundle = try? SuccessionBundle(canonical: bytes) else { return false }
            try promise(bundle.canonicalBytes() == bytes, "a message of a new wallet is written otherwise")
            return true
        },
        FuzzTarget(name: "file", alphabet: jsonAlphabet) { bytes in
            guard let file = try? SharedFile(canonical: bytes) else { return false }
            try promise(file.canonicalBytes() == bytes, "a file's message is written otherwise")
            try promise(FileName(file.name.description) == file.name, "a file's name is none")
            return true
        },
        FuzzTarget(name: "enclosure", alphabet: jsonAlphabet) { bytes in
            guard let enclosure = try? Enclosure(canonical: bytes) else { return false }
            try promise(enclosure.canonicalBytes() == bytes, "what tells of a content is written otherwise")
            return true
        },
        FuzzTarget(name: "enclosed-content", alphabet: jsonAlphabet) { bytes in
            guard let content = try? EnclosedContent(canonical: bytes) else { return false }
            try promise(content.canonicalBytes() == bytes, "a message's content is written otherwise")
            try promise(!content.contentType.hasPrefix(EnclosedContent.daemonsOwn), "daemons' own mail is enclosed")
            return true
        },
        FuzzTarget(name: "file-chunk", alphabet: "\u{0}\u{1}\u{7f}abc") { bytes in
            // The first bytes say how large the file is said to be, the rest is what the server gives.
            let size = bytes.prefix(3).reduce(Int64(0)) { $0 << 8 | Int64($1) }
            let key = SecretBytes(copying: [UInt8](repeating: 7, count: 32))
            let file = ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10))
            guard let wallet = WalletAddress(bytes: [UInt8](repeating: 7, count: 32)) else { return false }
            let sealer = FileSealer(key: key, mesh: .home(of: wallet), file: file, size: size)
            let opened = try? sealer.open(bytes.dropFirst(3), chunk: 0)
            try promise(opened == nil || size <= 3, "a forged chunk opens")
            return opened != nil
        },
        FuzzTarget(name: "encrypted-data", alphabet: jsonAlphabet + "+/=") { bytes in
            guard let encrypted = try? EncryptedData(bytes: bytes) else { return false }
            let again = try EncryptedData(bytes: encrypted.json.canonicalBytes())
            try promise(again == encrypted, "a sealed credential is read otherwise from its own bytes")
            return true
        },
        FuzzTarget(name: "site", alphabet: "abcXYZ019.-| ~\u{7f}é") { bytes in
            guard let request = SitePasswordRequest(site: String(decoding: bytes, as: UTF8.self)) else { return false }
            try promise(SitePasswordRequest(site: request.site) == request, "a site is folded twice")
            try promise(request.site.utf8.count == bytes.count, "folding a site changes its length")
            return true
        },
    ]
}
