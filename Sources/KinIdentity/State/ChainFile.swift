import KinEncoding
import KinWire

/// `chain.json`, 0644: the device's chain in one mesh, and its issuer certificate where the wallet gave it one.
public struct ChainFile: Hashable, Sendable {
    public var chain: Chain
    public var issuer: IssuerCertificate?

    public init(chain: Chain, issuer: IssuerCertificate?) {
        self.chain = chain
        self.issuer = issuer
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
        } catch {
            throw KinError(
                "file_damaged",
                "\(path) is damaged (\(error)): restore it from a backup, or enrol again with kin wallet import")
        }
    }

    private static func issuer(_ json: JSON) throws -> IssuerCertificate? {
        json == .null ? nil : try IssuerCertificate(json: json)
    }

    public func write(to path: String) throws {
        let json = JSON.object(["chain": chain.json, "issuer_certificate": issuer?.json ?? .null])
        try StateFolder.write(json.canonicalBytes() + [UInt8(ascii: "\n")], to: path, mode: 0o644)
    }
}
