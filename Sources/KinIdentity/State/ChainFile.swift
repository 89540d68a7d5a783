import KinEncoding
import KinWire

/// `chain.json`, 0644: the device's chain in one mesh, and its issuer certificate where the wallet gave it one.
public struct ChainFile: Hashable, Sendable {
    public var chain: Chain
    public var issuer: IssuerCertificate?
    /// By what the device joined, where it was a ticket: servers want to see it.
    public var credential: JoinCredential?

    public init(chain: Chain, issuer: IssuerCertificate?, credential: JoinCredential? = nil) {
        self.chain = chain
        self.issuer = issuer
        self.credential = credential
    }

    /// Reads the file; nil where there is none.
    public init?(reading path: String) throws {
        guard let bytes = try StateFolder.read(path) else { return nil }
        do {
            guard case .object(let members) = try JSON.parse(bytes), let chain = members["chain"] else {
                throw KinError("file_damaged", "no chain")
            }
            self.chain = try Chain(json: chain)
            self.issuer = try members["issuer_certificate"].flatMap { try Self.issuer($0) }
            self.credential = try members["credential"].flatMap { try Self.credential($0) }
        } catch {
            throw KinError(
                "file_damaged",
                "\(path) is damaged (\(error)): restore it from a backup, or enrol again with kin wallet import")
        }
    }

    private static func issuer(_ json: JSON) throws -> IssuerCertificate? {
        json == .null ? nil : try IssuerCertificate(json: json)
    }

    private static func credential(_ json: JSON) throws -> JoinCredential? {
        json == .null ? nil : try JoinCredential(json: json)
    }

    public func write(to path: String) throws {
        let json = JSON.object([
            "chain": chain.json, "issuer_certificate": issuer?.json ?? .null, "credential": credential?.json ?? .null,
        ])
        try StateFolder.write(json.canonicalBytes() + [UInt8(ascii: "\n")], to: path, mode: 0o644)
    }
}
