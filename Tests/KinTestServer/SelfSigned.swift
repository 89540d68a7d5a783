import Crypto
import Foundation
public import KinServer
import KinTesting
import X509

/// A fresh certificate for `localhost` and 127.0.0.1 that trusts itself, with its key, in files.
public final class SelfSigned: Sendable {
    private let folder: TemporaryFolder
    public var certificate: String { folder.file("certificate.pem") }
    public var files: ServerConfiguration.TLSFiles {
        ServerConfiguration.TLSFiles(certificate: certificate, key: folder.file("key.pem"))
    }

    public init() throws {
        folder = try TemporaryFolder()
        let key = P256.Signing.PrivateKey()
        let subject = try DistinguishedName { CommonName("kindred test") }
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: .now - 3600,
            notValidAfter: .now + 3600, issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try .init {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                SubjectAlternativeNames([
                    .dnsName("localhost"), .ipAddress(.init(contentBytes: [127, 0, 0, 1])),
                ])
            }, issuerPrivateKey: .init(key))
        try certificate.serializeAsPEM().pemString.write(
            toFile: folder.file("certificate.pem"), atomically: true, encoding: .utf8)
        try key.pemRepresentation.write(toFile: folder.file("key.pem"), atomically: true, encoding: .utf8)
    }
}
