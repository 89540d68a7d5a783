public import KinWire

/// Which of a user's meshes: the name of its folder. A slug for a mesh of the machine's own wallet, `slug@<first 8 of the wallet>` for another's.
public struct MeshFolder: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The mesh of the machine's own wallet.
    public static let home = MeshFolder(unchecked: MeshID.homeSlug)

    private static let letters = 8
    public static let rule = "home, or a name and the first 8 letters of its wallet, as in home@7xKXtg2C"

    public let description: String

    private init(unchecked text: String) { description = text }

    /// - Returns: nil for anything but `home` and `slug@` with 8 letters of base58: it names a folder.
    public init?(_ text: String) {
        guard text != MeshID.homeSlug else {
            self = .home
            return
        }
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].utf8.count == Self.letters, parts[1].allSatisfy(Self.isBase58),
            isSlug(String(parts[0]))
        else { return nil }
        description = text
    }

    /// Of a mesh of another wallet than the machine's own.
    public init(ofAnother mesh: MeshID) {
        description = "\(mesh.slug)@\(mesh.wallet.description.prefix(Self.letters))"
    }

    public var isHome: Bool { self == .home }

    private static func isBase58(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber) && !"0OIl".contains(character)
    }

    /// The machine's own first.
    public static func < (one: MeshFolder, other: MeshFolder) -> Bool {
        one.isHome != other.isHome ? one.isHome : one.description < other.description
    }
}
