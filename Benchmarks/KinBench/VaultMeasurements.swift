import Foundation
import KinCrypto
import KinEncoding
import KinIdentity
import KinVault
import KinWire

/// The vault's work and a chain's verification, on one core.
struct VaultMeasurements {
    let seconds: Double

    /// - Parameter peer: the same work in Python, by its name.
    func printRows(beside peer: [String: Double]) throws {
        let rows = [
            ("unlock: seed (PBKDF2) and wallet", "unlock", try unlock()),
            ("one derivation, Ed25519, four steps", "derive", try derivation()),
            ("credential of 1 KiB sealed and opened", "credential", try credential()),
            ("chain of issuer and certificate verified", "chain", try chain()),
        ]
        for (what, name, samples) in rows {
            let beside = peer[name].map {
                String(format: "%.2f × Python with OpenSSL and libsodium", samples.perSecond / $0)
            }
            Table.row(what, samples, note: beside)
        }
    }

    private func unlock() throws -> Samples {
        let phrase = try Phrase.generate()
        return try measure(for: seconds) { _ = try WalletKey(seed: Seed(phrase: phrase)) }
    }

    private func derivation() throws -> Samples {
        let (seed, path) = (Seed(phrase: try .generate()), try VaultPath.deviceIdentity(1))
        return try measure(for: seconds) { _ = try SLIP10.ed25519(seed: seed.bytes, path: path).privateKey }
    }

    private func credential() throws -> Samples {
        let path = try VaultPath.credential(version: 1)
        let key = try SLIP10.ed25519(seed: Seed(phrase: .generate()).bytes, path: path)
        let plaintext = SecretBytes.random(count: 1024)
        let start = monotonicSeconds()
        var samples = Samples()
        while monotonicSeconds() - start < seconds {
            let before = monotonicSeconds()
            let sealed = try CredentialSealer.seal(plaintext, name: "github", key: key, keyVersion: 1)
            _ = try CredentialSealer.open(sealed, name: "github", key: key)
            samples.add(monotonicSeconds() - before)
        }
        samples.wall = monotonicSeconds() - start
        return samples
    }

    private func chain() throws -> Samples {
        let (wallet, device, issuer) = (Ed25519.PrivateKey.random(), DeviceKeys.generate(), DeviceKeys.generate())
        guard let address = WalletAddress(bytes: wallet.publicKey.bytes), let machineID = MachineID("0123456789abcdef")
        else { throw BenchError("no wallet") }
        let (mesh, now) = (MeshID.home(of: address), Int64(Date.now.timeIntervalSince1970 * 1000))
        let (first, second) = (
            ULID(milliseconds: now, randomness: Random.bytes(10)), ULID(milliseconds: now, randomness: Random.bytes(10))
        )
        let word = IssuerCertificate(
            mesh: mesh, issuer: first, ed25519: issuer.issuing.publicKey.bytes, maxRole: .member, scopes: [.issue],
            notBefore: now
        ).signed(by: wallet)
        let certificate = Certificate(
            mesh: mesh, member: second, machineID: machineID, ed25519: device.signing.publicKey.bytes,
            x25519: device.sealing.publicKey.bytes, role: .member, issuedAt: now, issuer: .member(first)
        ).signed(by: issuer.issuing)
        let bytes = Chain(issuer: word, certificate: certificate).canonicalBytes()
        let verifier = ChainVerifier(mesh: mesh)
        return try measure(for: seconds) { _ = try verifier.verify(Chain(canonical: bytes), now: now) }
    }
}

/// The same work in Python with OpenSSL and libsodium, in the same run: work → times a second.
enum VaultPeer {
    static func run(_ python: String, _ script: String, seconds: Double) throws -> [String: Double] {
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = [script, "\(seconds)"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchError("\(script) failed") }
        return text.split(separator: "\n").reduce(into: [:]) { rates, line in
            let parts = line.split(separator: " ")
            if parts.count == 2 { rates[String(parts[0])] = Double(parts[1]) }
        }
    }
}
