import KinIdentity
import KinWire

extension FuzzTarget {
    private static let textAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.= \n"

    static let joining = [
        FuzzTarget(name: "join-request", alphabet: textAlphabet) { bytes in
            guard let request = try? JoinRequest(text: String(decoding: bytes, as: UTF8.self)) else { return false }
            try promise(try JoinRequest(text: request.text) == request, "a request is read otherwise from its own text")
            try promise(SafetyNumber.of(request).description.utf8.count == 35, "a safety number has thirty digits")
            return true
        },
        FuzzTarget(name: "join-approval", alphabet: jsonAlphabet) { bytes in
            guard let approval = try? JoinApproval(canonical: bytes) else { return false }
            try promise(approval.canonicalBytes() == bytes, "an approval is written otherwise")
            return true
        },
        FuzzTarget(name: "pairing-message", alphabet: jsonAlphabet, isStructured: true) { bytes in
            guard let message = try? PairingMessage(canonical: bytes) else { return false }
            try promise(message.canonicalBytes() == bytes, "a pairing message is written otherwise")
            return true
        },
        FuzzTarget(name: "revocation-proof", alphabet: jsonAlphabet) { bytes in
            guard let revocations = try? Revocations(canonical: bytes) else { return false }
            try promise(revocations.canonicalBytes() == bytes, "revocations are written otherwise")
            for proof in revocations.entries {
                var log = RevocationLog(mesh: proof.entry.mesh)
                let change = (try? log.add(proof, now: proof.entry.at)) ?? .none
                try promise(log.head.count == (change == .added ? 1 : 0), "the head counts what is not there")
            }
            return true
        },
        FuzzTarget(name: "token", alphabet: textAlphabet) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            _ = APIKey(text)
            guard let token = try? AuthToken(text) else { return false }
            try promise(token.text == text, "a token is written otherwise")
            return true
        },
        FuzzTarget(name: "authorized-keys", alphabet: textAlphabet + "#\",+/") { bytes in
            (try? AuthorizedKeys(String(decoding: bytes, as: UTF8.self))) != nil
        },
    ]
}
