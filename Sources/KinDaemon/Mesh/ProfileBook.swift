import Dispatch
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire
import Logging
import Synchronization

/// What this device says of itself, and what the others have said.
final class ProfileBook: MemberNames, Sendable {
    private let installation: Installation
    private let name: OwnName
    private let mail: ControlMail
    private let family: Family
    private let presence: Presence
    private let events: EventHub
    private let logger: Logger
    /// Milliseconds.
    private let now: @Sendable () -> Int64
    private let file: Mutex<ProfileFile>
    /// Who is being told, and of what time the news are.
    private let telling = Mutex<[ULID: Int64]>([:])
    private let writing = Mutex(Writing())
    private let queue = DispatchQueue(label: "profiles")

    /// When the file was written last, and whether it is to be again.
    private struct Writing {
        var lastAt: Int64 = 0
        var isDue = false
    }

    /// Between two writes, milliseconds: however fast others say something new.
    private static let writeInterval: Int64 = 1_000

    init(
        _ installation: Installation, kept: ProfileFile, name: OwnName, mail: ControlMail, family: Family,
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
        if kept.own?.name != name.current { kept = Self.renamed(kept, to: name.current, at: now()) }
        file = Mutex(kept)
        family.know(self)
        for (member, profile) in kept.others where !profile.visible { presence.hide(member, true) }
    }

    private static func renamed(_ kept: ProfileFile, to name: DeviceName, at time: Int64) -> ProfileFile {
        let own = kept.own
        var next = kept
        next.own = Profile(
            name: name, summary: own?.summary, status: own?.status ?? .idle, visible: own?.visible ?? true,
            at: max(time, (own?.at ?? 0) + 1))
        next.told = []
        return next
    }

    var own: Profile { file.withLock { $0.own } ?? Profile(name: name.current, at: 0) }

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
            var profile = file.own ?? Profile(name: name.current, at: 0)
            profile.name = name.current
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

    /// Tells everybody the name that this device has now.
    /// - Throws: where it cannot be written.
    func rename() throws {
        try file.withLock { file in
            guard file.own?.name != name.current else { return }
            let next = Self.renamed(file, to: name.current, at: now())
            try write(next)
            file = next
        }
        tell()
    }

    /// Everybody is known: whoever has not heard of this device is told.
    func tell() {
        let members = Set(family.roster.all.filter { $0.member != installation.chain.member }.map(\.member))
        let (own, told) = file.withLock { ($0.own, $0.told) }
        guard let profile = own else { return }
        let untold = telling.withLock { telling -> Set<ULID> in
            let untold = members.subtracting(told).filter { telling[$0] != profile.at }
            for member in untold { telling[member] = profile.at }
            return untold
        }
        guard !untold.isEmpty else { return }
        let body = profile.canonicalBytes()
        // Whoever is in a topic with others tells them at once; who came later, or is not in it, is told alone.
        let together = Set(told.isEmpty ? untold.filter(areTogether) : [])
        if !together.isEmpty {
            mail.send(Profile.contentType, body, to: .topic(.everybody)) { [weak self] in
                self?.told(together, profile, $0)
            }
        }
        for member in untold.subtracting(together) {
            mail.send(Profile.contentType, body, to: .dm(member)) { [weak self] in self?.told([member], profile, $0) }
        }
    }

    /// Whether that member and this device are both in `all`.
    private func areTogether(_ member: ULID) -> Bool {
        let theirs = family.member(member)?.chain.certificate
        return TopicRights.allow(installation.chain.certificate, .everybody)
            && theirs.map { TopicRights.allow($0, .everybody) } ?? false
    }

    /// - Parameter hasLeft: whether the broker has it, so that it reaches them; else they are told with the next look.
    private func told(_ members: Set<ULID>, _ profile: Profile, _ hasLeft: Bool) {
        telling.withLock { telling in for member in members { telling[member] = nil } }
        guard hasLeft else { return }
        file.withLock { file in
            guard file.own?.at == profile.at else { return }
            file.told.formUnion(members)
        }
        save()
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
            return true
        }
        guard isNews else { return true }
        save()
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

    /// At once; or, where it was written just before, a while after that.
    private func save() {
        let time = now()
        let wait = writing.withLock { writing -> Int64? in
            guard !writing.isDue else { return nil }
            writing.isDue = true
            return max(0, min(writing.lastAt + Self.writeInterval - time, Self.writeInterval))
        }
        guard let wait else { return }
        if wait == 0 { return flush() }
        queue.asyncAfter(deadline: .now() + .milliseconds(Int(wait))) { [weak self] in self?.flush() }
    }

    /// Writes what is not on disk yet. It is told again where it is lost.
    func flush() {
        let isDue = writing.withLock { writing -> Bool in
            defer { (writing.isDue, writing.lastAt) = (false, now()) }
            return writing.isDue
        }
        guard isDue else { return }
        do { try file.withLock { try write($0) } } catch {
            logger.error("profiles_unwritable", metadata: ["error": .string("\(error)")])
        }
    }
}
