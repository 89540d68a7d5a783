import KinEncoding
import KinWire

// Between daemon and broker. An input is a header in one line, then the body: so damage does not end at the length before it.

extension FuzzTarget {
    /// The header and body of an input.
    static func parts(_ input: [UInt8]) -> (header: ArraySlice<UInt8>, body: ArraySlice<UInt8>) {
        let end = input.firstIndex(of: 10) ?? input.endIndex
        return (input[..<end], input[end...].dropFirst())
    }

    static func frame(_ input: [UInt8]) -> [UInt8] {
        let (header, body) = parts(input)
        return Frame.encode(header: Array(header), body: Array(body))
    }

    /// The fixed-field codec reads nothing that the general one refuses or reads otherwise, and both write what was read.
    private static func codecsAgree(_ header: ArraySlice<UInt8>) throws -> MeshFrame? {
        let general = try? MeshFrame(generalHeader: header)
        let fixed = MeshFrame(fixedFieldHeader: header)
        try promise(fixed == nil || fixed == general, "the codecs read a header otherwise")
        guard let general else { return nil }
        try promise(general.generalHeader() == Array(header), "the general codec writes a header otherwise")
        try promise(general.header() == Array(header), "a header is written otherwise")
        return general
    }

    static let mesh = [
        FuzzTarget(name: "mesh-frame", alphabet: jsonAlphabet, isStructured: true) { input in
            _ = try codecsAgree(parts(input).header)
            let bytes = frame(input)
            guard let received = try? ReceivedFrame(bytes) else { return false }
            try promise(received.message.encoded(body: received.body) == bytes, "a frame is written otherwise")
            return true
        },
        FuzzTarget(name: "hot-header", alphabet: "0123456789abcdefABCXYZ._:-\"{}[],nextlowm") { input in
            try codecsAgree(input[...]) != nil
        },
        FuzzTarget(name: "settings", alphabet: jsonAlphabet, isStructured: true) { bytes in
            guard let json = try? JSON.parseCanonical(bytes), let proof = try? SettingsProof(json: json) else {
                return false
            }
            try promise(proof.json.canonicalBytes() == bytes, "settings are written otherwise")
            return true
        },
        FuzzTarget(name: "revocations-get", alphabet: jsonAlphabet, isStructured: true) { bytes in
            guard let get = try? RevocationsGet(canonical: bytes) else { return false }
            try promise(get.canonicalBytes() == bytes, "a question for revocations is written otherwise")
            return true
        },
    ]
}
