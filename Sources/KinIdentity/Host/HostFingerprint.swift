import KinCrypto
import KinEncoding
import KinWire

/// Tells whether a home is still on the machine it was made on: `host_fingerprint.json`, 0600.
///
/// SHA-256 of the machine's id (UTF-8) ‖ the address of its first stable interface (6 bytes, or nothing where there is none). Where both come from is
/// frozen when the file is written, so that an interface added later changes nothing. It finds accidental copies of a home; whoever copies the id and the
/// address too is not found.
public struct HostFingerprint: Hashable, Sendable {
    /// Where the machine's id comes from.
    public enum Source: String, Hashable, Sendable, CaseIterable {
        case etc = "/etc/machine-id"
        case dbus = "/var/lib/dbus/machine-id"
        case platform = "IOPlatformUUID"
        /// The machine has none: a random one in the file itself.
        case stored = "stored"
    }

    /// 32 bytes.
    public let digest: [UInt8]
    public let source: Source
    /// The id where the source is `stored`.
    public let storedID: String?
    /// The interface whose address counts; nil where the machine had none.
    public let interface: String?

    /// The fingerprint of the machine that `reader` sees, with its sources chosen now.
    public init(of reader: HostReader) {
        let (source, id) = Self.firstID(reader)
        let interface = NetworkInterface.first(of: reader.interfaces())
        self.init(
            digest: Self.digest(id, interface?.mac ?? []), source: source, storedID: source == .stored ? id : nil,
            interface: interface?.name)
    }

    private init(digest: [UInt8], source: Source, storedID: String?, interface: String?) {
        self.digest = digest
        self.source = source
        self.storedID = storedID
        self.interface = interface
    }

    /// Fits no machine: what is written while a home is between two identities.
    static let unfinished = HostFingerprint(
        digest: [UInt8](repeating: 0, count: 32), source: .stored, storedID: "unfinished", interface: nil)

    /// Whether the machine that `reader` sees is the one of this fingerprint.
    public func fits(_ reader: HostReader) -> Bool {
        let id = source == .stored ? storedID : Self.id(from: source, reader)
        guard let id else { return false }
        let mac = interface.map { name in reader.interfaces().first { $0.name == name }?.mac ?? [] } ?? []
        return Self.digest(id, mac) == digest
    }

    private static func digest(_ id: String, _ mac: [UInt8]) -> [UInt8] { Digest.sha256(Array(id.utf8) + mac) }

    private static func firstID(_ reader: HostReader) -> (Source, String) {
        for source in Source.allCases {
            if let id = id(from: source, reader) { return (source, id) }
        }
        return (.stored, reader.randomUUID())
    }

    private static func id(from source: Source, _ reader: HostReader) -> String? {
        switch source {
        case .etc, .dbus: reader.file(source.rawValue).flatMap(machineID)
        case .platform: reader.platformUUID().flatMap { $0.isEmpty ? nil : $0 }
        case .stored: nil
        }
    }

    /// machine-id(5): 32 hex digits; an image that was never started has an empty file, or `uninitialized`.
    private static func machineID(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }.lowercased()
        guard text.utf8.count == 32, (try? Hex.decode(text)) != nil else { return nil }
        return text
    }
}

extension HostFingerprint {
    /// Reads the file; nil where there is none.
    /// - Throws: `file_damaged`, `loose_mode`, `file_unreadable`.
    public init?(reading path: String) throws {
        guard let bytes = try StateFolder.readSecret(path)?.withBytes({ Array($0) }) else { return nil }
        do {
            var fields = try Fields(JSON.parse(bytes), in: "host_fingerprint.json")
            try fields.version("schema_version")
            let digest = try fields.hex("fingerprint", bytes: 32)
            let source = try fields.parsed("machine_id_source", as: "a known source") { Source(rawValue: $0) }
            let storedID = try fields.nullable("stored_id") { fields, name throws(WireError) in
                try fields.string(name, maxBytes: 64)
            }
            let interface = try fields.nullable("interface") { fields, name throws(WireError) in
                try fields.string(name, maxBytes: 64)
            }
            try fields.end()
            self.init(digest: digest, source: source, storedID: storedID, interface: interface)
        } catch {
            throw KinError(
                "file_damaged",
                "\(path) is damaged (\(error)): if this machine is the one the home belongs to, run  kin daemon accept-host"
            )
        }
    }

    public func write(to path: String) throws {
        let json = JSON.object([
            "schema_version": .integer(1), "fingerprint": .hex(digest), "machine_id_source": .string(source.rawValue),
            "stored_id": .orNull(storedID) { .string($0) }, "interface": .orNull(interface) { .string($0) },
        ])
        try StateFolder.write(json.canonicalBytes() + [UInt8(ascii: "\n")], to: path, mode: 0o600)
    }
}
