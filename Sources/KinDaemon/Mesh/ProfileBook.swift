import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire
import Logging
import Synchronization

/// What this device says of itself, and what the others have said.
final class ProfileBook: MemberNames, Sendable {
    private let installation: Installation
    private let name: DeviceName
    private let mail: ControlMail
    private let family: Family
    private let presence: Presence
    private let events: EventHub
    private let logger: Logger
    /// Milliseconds.
    private let now: @Sendable () -> Int64
    private let file: Mutex<ProfileFile>

    init(
        _ installation: Installation, kept: ProfileFile, name: DeviceName, mail: ControlMail, family: Family,
        presence: Presence,
        events: EventHub, logger: Logger, now: @escaping @Sendable () -> Int64
    ) {
        self.installation = installation
        self.name = name
        self.mail = mail
        self.family = family
        self.presence = presence
        self.events = events
        self.logger = logger
        self.now = now
        var kept = kept
        if kept.own?.name != name {
            let own = kept.own
            kept.own = Profile(
                name: name, summary: own?.summary, status: own?.status ?? .idle, visible: own?.visible ?? true,
                at: max(now(), (own?.at ?? 0) + 1))
            kept.told = []
        }
        file = Mutex(kept)
        family.know(self)
        for (member, profile) in kept.others where !profile.visible { presence.hide(member, true) }
    }

    var own: Profile { file.withLock { $0.own } ?? Profile(name: name, at: 0) }

    func profile(of member: ULID) -> Profile? {
        member == installation.chain.member ? own : file.withLock { $0.others[member] }
    }

    func name(of member: ULID) -> DeviceName? { profile(of: member)?.name }

    func members(called name: String) -> [ULID] {
        file.withLock { $0.others.filter { $0.value.name.description == name }.map(\.key) }
    }

    /// Says something else of this device, to everybody.
    /// - Throws: where it cannot be written.
    func set(_ change: ProfileChange) throws -> Profile {
        let profile = try file.withLock { file -> Profile in
            var profile = file.own ?? Profile(name: name, at: 0)
            if let summary = change.summary { profile.summary = summary.isEmpty ? nil : summary }
            profile.status = change.status ?? profile.status
            profile.visible = change.visible ?? profile.visible
            guard profile != file.own else { return profile }
            profile.at = max(now(), profile.at + 1)
            var next = file
            (next.own, next.told) = (profile, [])
            try write(next)
            file = next
            return profile
        }
        tell()
        return profile
    }

    /// Everybody is known: whoever has not heard of this device is told.
    func tell() {
        let members = Set(family.roster.all.filter { $0.member != installation.chain.member }.map(\.member))
        let (profile, isNews, untold) = file.withLock { file -> (Profile?, Bool, Set<ULID>) in
            let untold = members.subtracting(file.told)
            let isNews = file.told.isEmpty
            file.told = members
            if !untold.isEmpty { save(file) }
            return (file.own, isNews, untold)
        }
        guard let profile, !untold.isEmpty else { return }
        let body = profile.canonicalBytes()
        // Whoever is in a topic with others tells them at once; who came later is told alone.
        if isNews, TopicRights.allow(installation.chain.certificate, .everybody) {
            mail.send(Profile.contentType, body, to: .topic(.everybody))
        } else {
            for member in untold { mail.send(Profile.contentType, body, to: .dm(member)) }
        }
    }

    /// What another says of itself.
    /// - Returns: whether it was understood.
    func received(_ message: SealedMessage) -> Bool {
        guard let profile = try? Profile(canonical: Array(message.body.utf8)), profile.at <= now() + Self.maxAhead
        else {
            return false
        }
        let isNews = file.withLock { file -> Bool in
            guard (file.others[message.sender]?.at ?? .min) < profile.at,
                file.others[message.sender] != nil || file.others.count < ProfileFile.maxOthers
            else { return false }
            file.others[message.sender] = profile
            save(file)
            return true
        }
        guard isNews else { return true }
        presence.hide(message.sender, !profile.visible)
        guard case .object(var data) = profile.json else { return true }
        data["member"] = .string(message.sender.description)
        data["name"] = .string(family.name(of: message.sender))
        events.publish(DaemonEvent(kind: .profile, data: .object(data)))
        return true
    }

    private static let maxAhead: Int64 = 300_000

    private func write(_ file: ProfileFile) throws {
        if !installation.isEphemeral { try file.write(in: installation.state) }
    }

    /// It is told again where it is lost.
    private func save(_ file: ProfileFile) {
        do { try write(file) } catch {
            logger.error("profiles_unwritable", metadata: ["error": .string("\(error)")])
        }
    }
}
