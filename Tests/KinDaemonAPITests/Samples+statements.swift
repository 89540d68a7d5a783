import KinDaemonAPI
import KinEncoding
import KinTesting
import KinWire

extension Sample {
    static let zeros = [UInt8](repeating: 0, count: 64)

    static func wallet(_ byte: UInt8) throws -> WalletAddress {
        try WalletAddress(bytes: [UInt8](repeating: byte, count: 32)).orThrow("a wallet")
    }

    static func revocation() throws -> Revocation {
        Revocation(
            mesh: try mesh(), author: .wallet, seq: 1, previous: nil, target: member, cutoff: 5, reason: "lost", at: 6,
            signature: zeros)
    }

    static func succession() throws -> Succession {
        try Succession(
            json: .object([
                "v": .integer(1), "mesh": .text(try mesh()), "successor": .text(try wallet(9)), "member": .text(member),
                "at": .integer(5), "sig_old": .hex(zeros), "sig_new": .hex(zeros), "sig_member": .hex(zeros),
            ]))
    }

    static func certificate() throws -> Certificate {
        try Certificate(
            json: .object([
                "v": .integer(1), "mesh": .text(try mesh()), "member": .text(member),
                "machine_id": .string("00000000000000aa"), "ed25519": .hex(Array(zeros.prefix(32))),
                "x25519": .hex(Array(zeros.prefix(32))), "role": .string("owner"),
                "scopes": .strings(["send", "topic:a"]),
                "issued_at": .integer(5), "expires_at": .null, "issuer": .string("wallet"), "sig": .hex(zeros),
            ]))
    }

    static func issuer() throws -> IssuerCertificate {
        try IssuerCertificate(
            json: .object([
                "v": .integer(1), "mesh": .text(try mesh()), "issuer": .text(member),
                "ed25519": .hex(Array(zeros.prefix(32))), "max_role": .string("member"), "scopes": .strings(["issue"]),
                "not_before": .integer(1), "expires_at": .integer(9), "sig": .hex(zeros),
            ]))
    }

    static func progress() throws -> SuccessionProgress {
        SuccessionProgress(
            mesh: try mesh(), previous: nil,
            candidates: [
                .init(successor: try wallet(9), speaker: "laptop", held: true, trusted: false, own: true)
            ], following: try wallet(9),
            devices: [.init(name: "studio", member: member, told: true, here: false)], trouble: "why")
    }
}

extension Form {
    /// Forms of which other tests say the rest.
    static func described() throws -> [Form] {
        try [
            Form(
                "RevokeRequest", RevokeRequest(device: "studio", reason: "lost", cutoff: 5, keep: ["a", "b"]), \.json,
                { try RevokeRequest(json: $0) }),
            Form(
                "RevokeAnswer", RevokeAnswer(revoked: true, name: "studio", entry: Sample.revocation()), \.json,
                { try RevokeAnswer(json: $0) }),
            Form(
                "SignedRevocation", SignedRevocation(proof: RevocationProof(entry: Sample.revocation())), \.json,
                { try SignedRevocation(json: $0) }),
            Form(
                "MemberList",
                MemberList(
                    members: [
                        MemberInfo(
                            name: "laptop", member: "m", machineID: "x", role: "owner", scopes: ["send"],
                            issuer: "wallet", issuedAt: 1, expiresAt: 2, state: .online, thisDevice: true,
                            callsItself: "kiosk")
                    ], revoked: [.init(member: "m", author: "wallet", reason: "", at: 5)], alerts: ["one"]), \.json,
                { try MemberList(json: $0) }),
            Form("SuccessionProgress", Sample.progress(), \.json, { try SuccessionProgress(json: $0) }),
            Form(
                "SuccessionRequest", SuccessionRequest(successor: Sample.wallet(9)), \.json,
                { try SuccessionRequest(json: $0) }),
            Form(
                "SuccessionDraftRequest", SuccessionDraftRequest(successor: Sample.wallet(9), with: ["a"]), \.json,
                { try SuccessionDraftRequest(json: $0) }),
            Form(
                "SuccessionPlan",
                SuccessionPlan(
                    succession: Sample.succession(), certificates: [Sample.certificate()], issuer: Sample.issuer(),
                    names: ["laptop"],
                    left: [.init(name: "new", member: Sample.member, role: .member, firstSeen: nil)]), \.json,
                { try SuccessionPlan(json: $0) }),
            Form(
                "SignedSuccession",
                SignedSuccession(
                    succession: Sample.succession(), certificates: [Sample.certificate()], issuer: Sample.issuer(),
                    wallet: .init(
                        address: Sample.wallet(9), routeID: "r", boxPublic: Array(Sample.zeros.prefix(32)),
                        recordKey: nil, boxSecret: nil)), \.json, { try SignedSuccession(json: $0) }),
            Form("Heartbeat", Heartbeat(time: 5, isConnected: true), \.json, { try Heartbeat(json: $0) }),
            Form("TokenRotation", TokenRotation(path: "/x", formerUntil: 5), \.json, { try TokenRotation(json: $0) }),
            Form(
                "DaemonCompatibility", DaemonCompatibility.own(requiring: ["a"]), \.json,
                { try DaemonCompatibility(json: $0) }),
        ]
    }
}
