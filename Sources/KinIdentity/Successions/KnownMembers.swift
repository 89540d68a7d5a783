import KinCrypto
import KinEncoding
import KinWire

/// `known_members.json`, 0644: since when this device knows its family's members, by their certificates.
///
/// Dates inside statements are their signer's word: only what was seen here earlier cannot be made up by whoever found a phrase.
public struct KnownMembers: Hashable, Sendable {
    /// How long a member must have been known before a succession it speaks is followed, or one takes it along unasked: 24 hours, in milliseconds.
    public static let probation: Int64 = 86_400_000
    private static let maxMembers = 4096

    /// SHA-256 of certificates in hex, and when each was first seen, milliseconds.
    private var seen: [String: Int64] = [:]

    public init() {}

    public static func path(in state: StateFolder) -> String { state.daemon() + "/known_members.json" }

    /// Reads the file; empty where there is none, or it is damaged: then nobody has been known for long.
    public init(reading path: String) throws {
        guard let bytes = try StateFolder.read(path), case .object(let members)? = try? JSON.parse(bytes),
            case .object(let times)? = members["first_seen"]
        else { return }
        for (hash, time) in times { if case .integer(let time) = time { seen[hash] = time } }
    }

    public func write(to path: String) throws {
        let json = JSON.object([
            "first_seen": .object(seen.mapValues { .integer($0) }), "schema_version": .integer(1),
        ])
        try StateFolder.write(json.canonicalBytes() + [UInt8(ascii: "\n")], to: path, mode: 0o644)
    }

    /// Takes note of members.
    /// - Parameter now: milliseconds.
    /// - Returns: whether any is new.
    public mutating func note(_ members: [VerifiedMember], now: Int64) -> Bool {
        var isNews = false
        for member in members where seen.count < Self.maxMembers {
            let name = Self.name(of: member)
            guard seen[name] == nil else { continue }
            seen[name] = now
            isNews = true
        }
        return isNews
    }

    /// Whether a succession that `owner` speaks is followed without asking anybody.
    /// - Parameters:
    ///   - at: when the succession says it was made, milliseconds.
    ///   - now: milliseconds.
    public func vouches(for owner: VerifiedMember, at: Int64, now: Int64) -> Bool {
        guard let first = seen[Self.name(of: owner)] else { return false }
        return first <= now - Self.probation && owner.chain.certificate.issuedAt <= at - Self.probation
    }

    /// Whether it may have been made by whoever found the phrase yesterday.
    public func isRecent(_ member: VerifiedMember, now: Int64) -> Bool {
        guard let first = seen[Self.name(of: member)] else { return true }
        return first > now - Self.probation
    }

    /// When this device saw it first, milliseconds; nil: never.
    public func firstSeen(_ member: VerifiedMember) -> Int64? { seen[Self.name(of: member)] }

    private static func name(of member: VerifiedMember) -> String { Hex.encode(member.chain.certificate.hash) }
}
