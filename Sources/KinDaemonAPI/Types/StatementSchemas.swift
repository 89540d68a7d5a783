import KinWire

// Signed statements (docs/protocol/statements.md), as far as they pass through the local API.

extension Revocation {
    static let schema = Schema.object(
        "Revocation",
        [
            .required("v", .integer(from: 1, to: 1)), .required("mesh", .mesh), .required("author", .issuer),
            .required("seq", .integer(from: 1)),
            .required("prev", Schema.hex(32).orNull, "Null for the first entry, and for no other."),
            .required("target", .ulid), .required("cutoff", .time),
            .required("keep", .list(.hex(32), atMost: 32, isDistinct: true)),
            .required("reason", .text(longest: 200), "At most 200 bytes."), .required("at", .time),
            .required("sig", .hex(64)),
        ])
}

extension Certificate {
    static let schema = Schema.object(
        "Certificate",
        [
            .required("v", .integer(from: 1, to: 1)), .required("mesh", .mesh), .required("member", .ulid),
            .required("machine_id", .machineID), .required("ed25519", .hex(32)), .required("x25519", .hex(32)),
            .required("role", .role), .required("scopes", .scopes), .required("issued_at", .time),
            .required("expires_at", Schema.time.orNull), .required("issuer", .issuer), .required("sig", .hex(64)),
        ])
}

extension IssuerCertificate {
    static let schema = Schema.object(
        "IssuerCertificate",
        [
            .required("v", .integer(from: 1, to: 1)), .required("mesh", .mesh), .required("issuer", .ulid),
            .required("ed25519", .hex(32)), .required("max_role", .role), .required("scopes", .scopes),
            .required("not_before", .time), .required("expires_at", Schema.time.orNull), .required("sig", .hex(64)),
        ])
}

extension Succession {
    static let schema = Schema.object(
        "Succession",
        [
            .required("v", .integer(from: 1, to: 1)), .required("mesh", .mesh), .required("successor", .wallet),
            .required("member", .ulid), .required("at", .time), .required("sig_old", .hex(64)),
            .required("sig_new", .hex(64)), .required("sig_member", .hex(64)),
        ])
}

extension Schema {
    fileprivate static let issuer = text(pattern: "wallet|[0-7][0-9A-HJKMNP-TV-Z]{25}")
    fileprivate static let scopes = list(
        text(pattern: "send|issue|revoke|bunker:admin|topic:[a-z0-9._-]{1,64}|call:/[!-~]{0,127}"), atMost: 32,
        isDistinct: true)
}
