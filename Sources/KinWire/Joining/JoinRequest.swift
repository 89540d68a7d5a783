import KinEncoding

/// A machine without the phrase asks to be certified (`kindred/join-request/v1`), signed by its own key: whoever carries it can change nothing.
public struct JoinRequest: SingleSignatureStatement {
    public static let domain = "kindred/join-request/v1"
    /// Before the text form.
    public static let prefix = "kinreq1."

    public var machineID: MachineID
    /// 32 bytes each.
    public var ed25519: [UInt8]
    public var x25519: [UInt8]
    /// What the machine would like to be called; for whoever approves to read.
    public var name: DeviceName?
    /// Milliseconds.
    public var at: Int64
    public var signature: [UInt8]

    public init(
        machineID: MachineID, ed25519: [UInt8], x25519: [UInt8], name: DeviceName?, at: Int64, signature: [UInt8] = []
    ) {
        self.machineID = machineID
        self.ed25519 = ed25519
        self.x25519 = x25519
        self.name = name
        self.at = at
        self.signature = signature
    }

    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "join request")
        try fields.version()
        machineID = try fields.machineID()
        ed25519 = try fields.hex("ed25519", bytes: 32)
        x25519 = try fields.hex("x25519", bytes: 32)
        name = try fields.nullable("name") { fields, name throws(WireError) in
            try fields.parsed(name, as: "a device's name") { DeviceName($0) }
        }
        at = try fields.time("at")
        signature = try fields.hex("sig", bytes: 64)
        try fields.end()
    }

    public var unsignedMembers: [String: JSON] {
        [
            "v": .integer(1), "machine_id": .text(machineID), "ed25519": .hex(ed25519), "x25519": .hex(x25519),
            "name": .orNull(name) { .text($0) }, "at": .integer(at),
        ]
    }

    /// The form that people carry: the prefix and base64url of the canonical JSON.
    public var text: String { Self.prefix + Base64URL.encode(canonicalBytes()) }

    /// Reads the text form; white space around and within it is passed over, as mail and chat put it there.
    public init(text: String) throws(WireError) {
        try self.init(canonical: CarriedText.decode(text, prefix: Self.prefix, maxBytes: StatementLimits.maxBytes))
    }
}
