/// A mesh: a slug and the wallet that owns it, written `<slug>@<wallet address>`.
public struct MeshID: Hashable, Sendable, CustomStringConvertible {
    /// The mesh every family has from the start.
    public static let homeSlug = "home"

    public let slug: String
    public let wallet: WalletAddress

    public init?(slug: String, wallet: WalletAddress) {
        guard isSlug(slug) else { return nil }
        self.slug = slug
        self.wallet = wallet
    }

    public init?(_ text: String) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let wallet = WalletAddress(String(parts[1])) else { return nil }
        self.init(slug: String(parts[0]), wallet: wallet)
    }

    public static func home(of wallet: WalletAddress) -> MeshID { MeshID(home: wallet) }

    private init(home wallet: WalletAddress) {
        self.slug = Self.homeSlug
        self.wallet = wallet
    }

    public var description: String { "\(slug)@\(wallet)" }
}

/// `[a-z0-9][a-z0-9-]{0,62}`: mesh slugs and device names.
package func isSlug(_ text: String) -> Bool {
    guard (1...63).contains(text.utf8.count), text.utf8.first != UInt8(ascii: "-") else { return false }
    return text.utf8.allSatisfy { isLowercaseOrDigit($0) || $0 == UInt8(ascii: "-") }
}
