import KinEncoding
import KinWire

/// The body of `POST /v1/device/rename`: what this device calls itself from now on, to everybody.
public struct RenameRequest: Hashable, Sendable {
    public var name: DeviceName

    public init(name: DeviceName) { self.name = name }

    /// - Throws: `invalid_request`, naming the field.
    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            RenameRequest(name: try fields.parsed("name", as: "a device name") { DeviceName($0) })
        }
    }

    public var json: JSON { .object(["name": .text(name)]) }

    public static let schema = Schema.object("RenameRequest", [.required("name", .deviceName)])
}

/// The answer to it.
public struct RenameAnswer: Hashable, Sendable {
    public var name: DeviceName
    /// Member ids of other devices that call themselves so, or are called so here: lists tell equal names apart by a suffix.
    public var others: [ULID]

    public init(name: DeviceName, others: [ULID]) {
        self.name = name
        self.others = others
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            RenameAnswer(
                name: try fields.parsed("name", as: "a device name") { DeviceName($0) },
                others: try fields.list("others", atMost: 4096, as: "a member id") { ULID($0) })
        }
    }

    public var json: JSON { .object(["name": .text(name), "others": .strings(others.map(\.description))]) }

    public static let schema = Schema.object(
        "RenameAnswer",
        [
            .required("name", .deviceName),
            .required(
                "others", .list(.ulid, atMost: 4096), "Other devices that call themselves so, or are called so here."),
        ])
}

/// The body of `POST /v1/device/alias`: what a device is to be called here, whatever it calls itself.
public struct AliasRequest: Hashable, Sendable {
    /// A device's name, alias or member id.
    public var device: String
    /// nil: it goes by its own name again.
    public var alias: DeviceName?

    public init(device: String, alias: DeviceName?) {
        self.device = device
        self.alias = alias
    }

    /// - Throws: `invalid_request`, naming the field.
    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            AliasRequest(
                device: try fields.text("device"),
                alias: try fields.given("alias") { fields, name throws(WireError) in
                    try fields.parsed(name, as: "a device name") { DeviceName($0) }
                })
        }
    }

    public var json: JSON { .object(["device": .string(device), "alias": .orNull(alias) { .text($0) }]) }

    public static let schema = Schema.object(
        "AliasRequest",
        [
            .required("device", .text, "A device's name, alias or member id."),
            .optional("alias", Schema.deviceName.orNull, "Without it the device goes by its own name again."),
        ])
}

/// A device and what it is called: the answer to `POST /v1/device/alias` and `POST /v1/device/forget`.
public struct DeviceNaming: Hashable, Sendable {
    /// Here.
    public var name: String
    /// nil: `name` is no alias.
    public var ownName: String?
    /// nil: it carries no certificate.
    public var member: ULID?
    /// nil: it is no member any more.
    public var machineID: MachineID?

    public init(name: String, ownName: String?, member: ULID?, machineID: MachineID?) {
        self.name = name
        self.ownName = ownName
        self.member = member
        self.machineID = machineID
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            DeviceNaming(
                name: try fields.text("name"), ownName: try fields.givenText("own_name"),
                member: try fields.given("member") { fields, name throws(WireError) in
                    try fields.parsed(name, as: "a member id") { ULID($0) }
                },
                machineID: try fields.given("machine_id") { fields, name throws(WireError) in
                    try fields.parsed(name, as: "a machine id") { MachineID($0) }
                })
        }
    }

    public var json: JSON {
        .object([
            "name": .string(name), "own_name": .orNull(ownName) { .string($0) },
            "member": .orNull(member) { .text($0) }, "machine_id": .orNull(machineID) { .text($0) },
        ])
    }

    public static let schema = Schema.object(
        "DeviceNaming",
        [
            .required("name", .text, "What it is called here."),
            .optional("own_name", Schema.text.orNull, "What it calls itself, where that is an alias."),
            .optional("member", Schema.ulid.orNull), .optional("machine_id", Schema.machineID.orNull),
        ])
}

/// The body of `POST /v1/device/forget`.
public struct ForgetRequest: Hashable, Sendable {
    /// A device's name, alias, member id or machine id.
    public var device: String

    public init(device: String) { self.device = device }

    /// - Throws: `invalid_request`, naming the field.
    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in ForgetRequest(device: try fields.text("device")) }
    }

    public var json: JSON { .object(["device": .string(device)]) }

    public static let schema = Schema.object(
        "ForgetRequest", [.required("device", .text, "A device's name, alias, member id or machine id.")])
}
