/// What a person calls a device: `[a-z0-9][a-z0-9-]{0,62}`, but not `all` or `head`, which mean something in commands.
public struct DeviceName: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init?(_ text: String) {
        guard isSlug(text), text != "all", text != "head" else { return nil }
        description = text
    }
}

/// The random name of one installation: 16 lower-case hex digits.
public struct MachineID: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init?(_ text: String) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let letters = UInt8(ascii: "a")...UInt8(ascii: "f")
        guard text.utf8.count == 16, text.utf8.allSatisfy({ digits.contains($0) || letters.contains($0) }) else {
            return nil
        }
        description = text
    }
}

/// The sender's id of a message, which makes repeats recognisable: `[A-Za-z0-9._:-]{1,64}`. Servers see it.
public struct ClientMessageID: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init?(_ text: String) {
        let capitals = UInt8(ascii: "A")...UInt8(ascii: "Z")
        let punctuation: [UInt8] = [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "-")]
        guard (1...64).contains(text.utf8.count),
            text.utf8.allSatisfy({ isLowercaseOrDigit($0) || capitals.contains($0) || punctuation.contains($0) })
        else { return nil }
        description = text
    }
}

/// A topic's name: `[a-z0-9._-]{1,64}`.
public struct TopicName: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    /// A name of this code's own.
    init(known name: StaticString) { description = "\(name)" }

    public init?(_ text: String) {
        let punctuation: [UInt8] = [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")]
        guard (1...64).contains(text.utf8.count),
            text.utf8.allSatisfy({ isLowercaseOrDigit($0) || punctuation.contains($0) })
        else { return nil }
        description = text
    }
}
