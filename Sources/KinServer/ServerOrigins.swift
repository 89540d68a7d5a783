import Foundation
import KinWire
import X509

/// The names under which devices may have dialled this server: a hello signed for any other is refused.
enum ServerOrigins {
    /// - Parameter port: the one the server is bound to.
    /// - Throws: `origin_unknown` where no name is known for a listener that others can reach.
    static func of(_ configuration: ServerConfiguration, port: Int) throws -> [String] {
        let scheme = configuration.tls == nil ? "http" : "https"
        var hosts: [String] = []
        if configuration.listen.isLoopback {
            hosts += Set(["127.0.0.1", "localhost", "[::1]", configuration.listen.bracketedHost]).sorted()
        }
        if let tls = configuration.tls { hosts += try certificateNames(tls.certificate) }
        let suffix = port == (scheme == "https" ? 443 : 80) ? "" : ":\(port)"
        for origin in configuration.origins where !isOrigin(origin.lowercased()) {
            throw KinError(
                "origin_invalid", "--origin takes scheme://HOST[:PORT], as in https://kin.example.org, not \(origin)",
                category: .usage)
        }
        let origins = hosts.map { "\(scheme)://\($0)\(suffix)" } + configuration.origins.map { $0.lowercased() }
        guard !origins.isEmpty else {
            throw KinError(
                "origin_unknown",
                "no name is known under which devices reach \(configuration.listen): add  --origin https://HOST[:PORT]",
                category: .usage)
        }
        return origins
    }

    private static func isOrigin(_ text: String) -> Bool {
        text.wholeMatch(of: /https?:\/\/([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?/) != nil
    }

    private static func certificateNames(_ path: String) throws -> [String] {
        let text: String
        let certificate: X509.Certificate
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
            certificate = try X509.Certificate(pemEncoded: text)
        } catch {
            throw KinError(
                "tls_certificate_invalid", "\(path) is no PEM certificate that can be read", category: .usage)
        }
        guard let names = try? certificate.extensions.subjectAlternativeNames else { return [] }
        return names.compactMap { name in
            switch name {
            case .dnsName(let host): host.lowercased()
            case .ipAddress(let address):
                address.bytes.count == 4 ? address.bytes.map(String.init).joined(separator: ".") : nil
            default: nil
            }
        }
    }
}
