import KinEncoding
import KinWire

/// The body of `POST /v1/wallet/succession/follow`.
public struct SuccessionRequest: Hashable, Sendable {
    /// The wallet that takes over.
    public var successor: WalletAddress

    public init(successor: WalletAddress) { self.successor = successor }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            SuccessionRequest(successor: try fields.walletAddress("successor"))
        }
    }

    public var json: JSON { .object(["successor": .text(successor)]) }
}

/// The body of `POST /v1/wallet/succession/draft`.
public struct SuccessionDraftRequest: Hashable, Sendable {
    /// The wallet that takes over.
    public var successor: WalletAddress
    /// Names or ids of devices that come along though they have not been known for a day.
    public var with: [String]

    public init(successor: WalletAddress, with: [String]) {
        self.successor = successor
        self.with = with
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            SuccessionDraftRequest(
                successor: try fields.walletAddress("successor"),
                with: try fields.list("with", atMost: SuccessionPlan.maxDevices, as: "a name") { $0 })
        }
    }

    public var json: JSON { .object(["successor": .text(successor), "with": .strings(with)]) }
}

/// What both wallets have to sign: nothing here is signed (64 zero bytes).
public struct SuccessionPlan: Hashable, Sendable {
    public static let unsigned = [UInt8](repeating: 0, count: 64)
    static let maxDevices = 1024

    /// A device that does not come along: it has not been known for a day, and nobody named it.
    public struct Left: Hashable, Sendable {
        public var name: String
        public var member: ULID
        public var role: Role
        /// Milliseconds; nil: this moment.
        public var firstSeen: Int64?

        public init(name: String, member: ULID, role: Role, firstSeen: Int64?) {
            self.name = name
            self.member = member
            self.role = role
            self.firstSeen = firstSeen
        }

        init(json: JSON) throws(WireError) {
            var fields = try Fields(json, in: "left")
            name = try fields.text("name")
            member = try fields.ulid("member")
            role = try fields.role("role")
            firstSeen = try fields.nullable("first_seen") { fields, name throws(WireError) in try fields.time(name) }
            try fields.end()
        }

        var json: JSON {
            .object([
                "name": .string(name), "member": .text(member), "role": .text(role),
                "first_seen": .orNull(firstSeen) { .integer($0) },
            ])
        }
    }

    public var succession: Succession
    /// The devices in the new mesh, this one first.
    public var certificates: [Certificate]
    /// This device's in the new mesh.
    public var issuer: IssuerCertificate
    /// What each is called, in the order of `certificates`.
    public var names: [String]
    public var left: [Left]

    public init(
        succession: Succession, certificates: [Certificate], issuer: IssuerCertificate, names: [String], left: [Left]
    ) {
        self.succession = succession
        self.certificates = certificates
        self.issuer = issuer
        self.names = names
        self.left = left
        self.succession.oldSignature = Self.unsigned
        self.succession.newSignature = Self.unsigned
        self.succession.memberSignature = Self.unsigned
        self.issuer.signature = Self.unsigned
        for index in certificates.indices { self.certificates[index].signature = Self.unsigned }
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            SuccessionPlan(
                succession: try Succession(json: fields.take("succession")),
                certificates: try fields.certificates("certificates"),
                issuer: try IssuerCertificate(json: fields.take("issuer")),
                names: try APIBody.array(fields.array("names", atMost: SuccessionPlan.maxDevices)) {
                    item throws(WireError) in
                    guard case .string(let name) = item else { throw .invalid("a name is a string") }
                    return name
                },
                left: try APIBody.array(fields.array("left", atMost: SuccessionPlan.maxDevices)) {
                    item throws(WireError) in try Left(json: item)
                })
        }
    }

    public var json: JSON {
        .object([
            "succession": succession.json, "certificates": .array(certificates.map(\.json)), "issuer": issuer.json,
            "names": .strings(names), "left": .array(left.map(\.json)),
        ])
    }
}

/// The body of `POST /v1/wallet/succession`: what both wallets signed, and what devices keep of the new one. It holds the family's registry keys.
public struct SignedSuccession: Hashable, Sendable {
    /// Signed by both wallets; the device's own signature is zeros.
    public var succession: Succession
    /// Signed by the new wallet.
    public var certificates: [Certificate]
    public var issuer: IssuerCertificate
    public var wallet: SuccessionBundle.Wallet

    public init(
        succession: Succession, certificates: [Certificate], issuer: IssuerCertificate, wallet: SuccessionBundle.Wallet
    ) {
        self.succession = succession
        self.certificates = certificates
        self.issuer = issuer
        self.wallet = wallet
    }

    public init(json bytes: [UInt8]) throws {
        let parts = try APIBody.read(bytes) { fields throws(WireError) in
            (
                succession: try fields.take("succession"), issuer: try fields.take("issuer"),
                wallet: try fields.take("wallet"),
                certificates: try fields.array("certificates", atMost: SuccessionPlan.maxDevices)
            )
        }
        do throws(WireError) {
            self.init(
                succession: try Succession(json: parts.succession),
                certificates: try APIBody.array(parts.certificates) { item throws(WireError) in
                    try Certificate(json: item)
                }, issuer: try IssuerCertificate(json: parts.issuer),
                wallet: try SuccessionBundle.Wallet(json: parts.wallet))
        } catch {
            throw KinError("succession_invalid", error.message, category: .refused)
        }
    }

    public var json: JSON {
        .object([
            "succession": succession.json, "certificates": .array(certificates.map(\.json)), "issuer": issuer.json,
            "wallet": wallet.json,
        ])
    }
}

extension Fields {
    fileprivate mutating func certificates(_ name: String) throws(WireError) -> [Certificate] {
        try APIBody.array(array(name, atMost: SuccessionPlan.maxDevices)) { item throws(WireError) in
            try Certificate(json: item)
        }
    }
}

extension SuccessionRequest {
    public static let schema = Schema.object("SuccessionRequest", [.required("successor", .wallet)])
}

extension SuccessionDraftRequest {
    public static let schema = Schema.object(
        "SuccessionDraftRequest",
        [
            .required("successor", .wallet, "The wallet that takes over."),
            .required(
                "with", .list(.text(longest: 64), atMost: SuccessionPlan.maxDevices, isDistinct: true),
                "Devices that come along though they have not been known for a day."),
        ])
}

extension SuccessionPlan {
    public static let schema = Schema.object(
        "SuccessionPlan",
        [
            .required("succession", Succession.schema),
            .required("certificates", .list(Certificate.schema, atMost: maxDevices)),
            .required("issuer", IssuerCertificate.schema), .required("names", .list(.text, atMost: maxDevices)),
            .required(
                "left",
                .list(
                    .object(
                        "SuccessionLeft",
                        [
                            .required("name", .text), .required("member", .ulid), .required("role", .role),
                            .required("first_seen", Schema.time.orNull),
                        ]), atMost: maxDevices)),
        ])
}

extension SignedSuccession {
    public static let schema = Schema.object(
        "SignedSuccession",
        [
            .required("succession", Succession.schema),
            .required("certificates", .list(Certificate.schema, atMost: SuccessionPlan.maxDevices)),
            .required("issuer", IssuerCertificate.schema),
            .required(
                "wallet",
                .object(
                    "SuccessionWallet",
                    [
                        .required("address", .wallet), .required("route_id", .text(longest: 64)),
                        .required("box_public", .hex(32)), .required("record_key", Schema.hex(32).orNull),
                        .required("box_secret", Schema.hex(32).orNull),
                    ])),
        ])
}
