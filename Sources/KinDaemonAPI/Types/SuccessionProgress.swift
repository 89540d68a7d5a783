import KinEncoding
import KinWire

/// `GET /v1/wallet/succession`: which wallets would take over, and how far this device and its family have moved.
public struct SuccessionProgress: Hashable, Sendable {
    /// A wallet that would take over.
    public struct Candidate: Hashable, Sendable {
        public var successor: WalletAddress
        /// The device that speaks for it.
        public var speaker: String
        /// Whether this device has its certificate there.
        public var held: Bool
        /// Whether this device follows it unless another claims the same.
        public var trusted: Bool
        /// Whether it was made on this device.
        public var own: Bool

        public init(successor: WalletAddress, speaker: String, held: Bool, trusted: Bool, own: Bool) {
            self.successor = successor
            self.speaker = speaker
            self.held = held
            self.trusted = trusted
            self.own = own
        }

        init(json: JSON) throws(WireError) {
            var fields = try Fields(json, in: "candidate")
            successor = try fields.walletAddress("successor")
            speaker = try fields.text("speaker")
            held = try fields.bool("held")
            trusted = try fields.bool("trusted")
            own = try fields.bool("own")
            try fields.end()
        }

        public var json: JSON {
            .object([
                "successor": .text(successor), "speaker": .string(speaker), "held": .bool(held),
                "trusted": .bool(trusted), "own": .bool(own),
            ])
        }
    }

    /// A device of the family.
    public struct Device: Hashable, Sendable {
        public var name: String
        public var member: ULID
        /// Whether the broker has what it needs to follow.
        public var told: Bool
        /// Whether it is connected in the mesh this device is in.
        public var here: Bool

        public init(name: String, member: ULID, told: Bool, here: Bool) {
            self.name = name
            self.member = member
            self.told = told
            self.here = here
        }

        init(json: JSON) throws(WireError) {
            var fields = try Fields(json, in: "device")
            name = try fields.text("name")
            member = try fields.ulid("member")
            told = try fields.bool("told")
            here = try fields.bool("here")
            try fields.end()
        }

        public var json: JSON {
            .object(["name": .string(name), "member": .text(member), "told": .bool(told), "here": .bool(here)])
        }
    }

    /// The mesh this device is in.
    public var mesh: MeshID
    /// The one it came from.
    public var previous: MeshID?
    public var candidates: [Candidate]
    /// The candidate this device follows.
    public var following: WalletAddress?
    /// The others.
    public var devices: [Device]
    /// What the broker said last that stands in the way.
    public var trouble: String?

    public init(
        mesh: MeshID, previous: MeshID?, candidates: [Candidate], following: WalletAddress?, devices: [Device],
        trouble: String?
    ) {
        self.mesh = mesh
        self.previous = previous
        self.candidates = candidates
        self.following = following
        self.devices = devices
        self.trouble = trouble
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            SuccessionProgress(
                mesh: try fields.mesh(),
                previous: try fields.nullable("previous") { fields, name throws(WireError) in try fields.mesh(name) },
                candidates: try APIBody.array(fields.array("candidates", atMost: 64)) { item throws(WireError) in
                    try Candidate(json: item)
                },
                following: try fields.nullable("following") { fields, name throws(WireError) in
                    try fields.walletAddress(name)
                },
                devices: try APIBody.array(fields.array("devices", atMost: SuccessionPlan.maxDevices)) {
                    item throws(WireError) in try Device(json: item)
                }, trouble: try fields.givenText("trouble"))
        }
    }

    public var json: JSON {
        .object([
            "mesh": .text(mesh), "previous": .orNull(previous) { .text($0) },
            "candidates": .array(candidates.map(\.json)), "following": .orNull(following) { .text($0) },
            "devices": .array(devices.map(\.json)), "trouble": .orNull(trouble) { .string($0) },
        ])
    }
}

extension SuccessionProgress {
    public static let schema = Schema.object(
        "SuccessionProgress",
        [
            .required("mesh", .mesh), .required("previous", Schema.mesh.orNull),
            .required(
                "candidates",
                .list(
                    .object(
                        "SuccessionCandidate",
                        [
                            .required("successor", .wallet), .required("speaker", .text), .required("held", .bool),
                            .required("trusted", .bool), .required("own", .bool),
                        ]), atMost: 64)), .required("following", Schema.wallet.orNull),
            .required(
                "devices",
                .list(
                    .object(
                        "SuccessionDevice",
                        [
                            .required("name", .text), .required("member", .ulid), .required("told", .bool),
                            .required("here", .bool),
                        ]), atMost: SuccessionPlan.maxDevices)),
            .optional("trouble", Schema.text.orNull, "What the broker said last that stands in the way."),
        ])
}
