import AsyncHTTPClient
import KinWire
import NIOSSL

/// Which certificate authorities a client believes.
public enum TrustRoots {
    /// - Parameter path: a PEM file (`SSL_CERT_FILE`); nil: what the system trusts.
    /// - Throws: `trust_roots_invalid`.
    public static func tls(_ path: String?) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        guard let path else { return configuration }
        guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
            throw KinError(
                "trust_roots_invalid", "SSL_CERT_FILE names \(path), which holds no PEM certificate", category: .usage)
        }
        configuration.trustRoots = .certificates(certificates)
        return configuration
    }
}

extension HTTPClient.Configuration {
    /// For asking relays: an address where nobody listens is said so at once, where the default goes on trying until the deadline.
    public static func relays(_ tls: TLSConfiguration) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.connectionPool.retryConnectionEstablishment = false
        // A file that does not move any more is begun again where it got to.
        configuration.timeout = .init(connect: .seconds(10), read: .seconds(60), write: .seconds(60))
        return configuration
    }
}
