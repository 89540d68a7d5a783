import KinWire

// What the names and figures of the protocol look like.

extension Schema {
    /// Milliseconds since 1970.
    public static let time = integer().noted("Milliseconds since 1970.")
    public static let count = integer()
    public static let clientMessageID = text(pattern: "[A-Za-z0-9._:-]{1,64}")
    public static let ulid = text(pattern: "[0-7][0-9A-HJKMNP-TV-Z]{25}")
    public static let machineID = hex(8)
    public static let deviceName = text(pattern: "[a-z0-9][a-z0-9-]{0,62}")
    public static let topic = text(pattern: "[a-z0-9._-]{1,64}")
    /// One component of a path: 1 to 255 bytes, nothing that is not shown, neither . nor ..
    public static let fileName = text(longest: 255, format: "kindred-file-name")
    public static let mediaType = text(pattern: "[ -~]{1,128}")
    /// An absolute path, within 4,096 bytes.
    public static let filePath = text(pattern: "/[^\\u0000]{0,1000}")
    public static let wallet = text(
        pattern: "[1-9A-HJ-NP-Za-km-z]{32,44}", format: "kindred-wallet")
    public static let mesh = text(
        pattern: "[a-z0-9][a-z0-9-]{0,62}@[1-9A-HJ-NP-Za-km-z]{32,44}", format: "kindred-mesh")
    public static let priority = one(of: Priority.self)
    public static let mentions = list(deviceName, atMost: SealedMessage.maxMentions, isDistinct: true)
    public static let role = one(of: Role.allCases.map(\.description))

    public static func hex(_ bytes: Int) -> Schema { text(pattern: "[0-9a-f]{\(2 * bytes)}") }

    /// What an application says of its message, in its own words. What lists in it hold is left open: what generates clients cannot say more.
    static let meta = Schema(
        .object(
            [],
            others: .allowed(
                Schema(
                    .either([
                        Schema.bool.orNull, Schema(.number), text,
                        Schema(.array(anything, count: 0...Int.max, isDistinct: false)), Schema(.reference("Meta")),
                    ])))), name: "Meta", note: "The application's own: at most 8 levels, whole numbers within 2^53 - 1."
    )

    /// A device as a person names it, a member's id, or another recipient.
    static let recipient = text(longest: SendRequest.longestRecipient)
    static let cursor = text.orNull.noted("Where the next page begins; null on the last.")
}
