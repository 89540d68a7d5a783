import KinEncoding
import KinWire

/// The body of `POST /v1/device/revoke`.
public struct RevokeRequest: Hashable, Sendable {
    /// A device's name or member id.
    public var device: String
    /// At most 200 bytes; servers can read it.
    public var reason: String
    /// Milliseconds: from when on the device is not trusted; nil: from now.
    public var cutoff: Int64?
    /// Names or ids of members the device certified that are to stay; nil: nothing is done where there are any.
    public var keep: [String]?

    public init(device: String, reason: String = "", cutoff: Int64? = nil, keep: [String]? = nil) {
        self.device = device
        self.reason = reason
        self.cutoff = cutoff
        self.keep = keep
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            RevokeRequest(
                device: try fields.text("device"), reason: try fields.givenText("reason") ?? "",
                cutoff: try fields.givenTime("cutoff"),
                keep: try fields.given("keep") { fields, name throws(WireError) in
                    try fields.list(name, atMost: 32, as: "a name or id") { $0 }
                })
        }
    }

    public var json: JSON {
        .object([
            "device": .string(device), "reason": .string(reason), "cutoff": .orNull(cutoff) { .integer($0) },
            "keep": .orNull(keep) { .strings($0) },
        ])
    }
}

/// The answer to it: the entry that revokes, or the one that the wallet has to sign first.
public struct RevokeAnswer: Hashable, Sendable {
    /// Whether it is done. Else `entry` is unsigned (64 zero bytes), for `POST /v1/revocations` once the wallet has signed it.
    public var revoked: Bool
    public var name: String
    public var entry: Revocation

    public init(revoked: Bool, name: String, entry: Revocation) {
        self.revoked = revoked
        self.name = name
        self.entry = entry
        if entry.signature.isEmpty { self.entry.signature = [UInt8](repeating: 0, count: 64) }
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            RevokeAnswer(
                revoked: try fields.bool("revoked"), name: try fields.text("name"),
                entry: try Revocation(json: fields.take("entry")))
        }
    }

    public var json: JSON {
        .object(["revoked": .bool(revoked), "name": .string(name), "entry": entry.json])
    }
}

/// The body of `POST /v1/revocations`: an entry signed elsewhere.
public struct SignedRevocation: Hashable, Sendable {
    public var proof: RevocationProof

    public init(proof: RevocationProof) { self.proof = proof }

    public init(json bytes: [UInt8]) throws {
        let proof = try APIBody.read(bytes) { fields throws(WireError) in try fields.take("proof") }
        do throws(WireError) {
            self.init(proof: try RevocationProof(json: proof))
        } catch {
            throw KinError("revocation_invalid", error.message, category: .refused)
        }
    }

    public var json: JSON { .object(["proof": proof.json]) }
}

extension RevokeRequest {
    public static let schema = Schema.object(
        "RevokeRequest",
        [
            .required("device", .text, "A device's name or member id."),
            .optional("reason", Schema.text.orNull, "At most 200 bytes; servers can read it."),
            .optional("cutoff", Schema.time.orNull, "From when on the device is not trusted; now unless said."),
            .optional(
                "keep", Schema.list(.text(longest: 256), atMost: 32, isDistinct: true).orNull,
                "Members that the device certified and that stay."),
        ])
}

extension RevokeAnswer {
    public static let schema = Schema.object(
        "RevokeAnswer",
        [
            .required("revoked", .bool, "Whether it is done; else the entry waits for the wallet's signature."),
            .required("name", .text), .required("entry", Revocation.schema),
        ])
}

extension SignedRevocation {
    public static let schema = Schema.object(
        "SignedRevocation",
        [
            .required(
                "proof", .list(Schema(.either([Revocation.schema, IssuerCertificate.schema])), atMost: 2, atLeast: 1),
                "The entry, after its author's certificate where that is a device.")
        ])
}
