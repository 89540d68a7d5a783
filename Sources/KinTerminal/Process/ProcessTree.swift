#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The processes that run, as far as ending all of a session needs them.
struct ProcessTree {
    /// One process; its number may be another's later, its number and start never.
    struct Member: Hashable, Sendable {
        var process: pid_t
        var started: UInt64
    }

    struct Entry: Hashable {
        var member: Member
        var parent: pid_t
        var session: pid_t
    }

    let entries: [Entry]

    /// All that belong to a session, or descend from one that does or from one of `known`. A program that left the session on purpose and whose parent has
    /// ended belongs to nobody any more, as after a logout.
    func members(ofSession session: pid_t?, known: Set<Member> = []) -> Set<Member> {
        var members = entries.filter { $0.session == session || known.contains($0.member) }.map(\.member)
        let children = Dictionary(grouping: entries, by: \.parent)
        var all = Set(members)
        while let next = members.popLast() {
            for child in children[next.process] ?? [] where all.insert(child.member).inserted {
                members.append(child.member)
            }
        }
        return all
    }

    /// A session lives while one of its processes does, and keeps its number as long.
    func hasSession(_ session: pid_t, among members: Set<Member>) -> Bool {
        entries.contains { $0.session == session && members.contains($0.member) }
    }
}

#if canImport(Glibc)
    extension ProcessTree {
        /// Those that have not ended.
        static func running() -> ProcessTree {
            guard let folder = opendir("/proc") else { return ProcessTree(entries: []) }
            defer { closedir(folder) }
            var entries: [Entry] = []
            while let entry = readdir(folder) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    bytes.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
                        .reduce(0) { $0 < 1 << 40 ? $0 * 10 + Int($1 - UInt8(ascii: "0")) : $0 }
                }
                if let process = pid_t(exactly: name), process > 0, let found = read(process) { entries.append(found) }
            }
            return ProcessTree(entries: entries)
        }

        static func isRunning(_ member: Member) -> Bool { read(member.process)?.member == member }

        private static func read(_ process: pid_t) -> Entry? {
            let file = open("/proc/\(process)/stat", O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { return nil }
            defer { close(file) }
            var bytes = [UInt8](repeating: 0, count: 1024)
            let count = Glibc.read(file, &bytes, bytes.count)
            return count > 0 ? parse(bytes.prefix(count), process) : nil
        }

        /// proc(5): the name in brackets may hold anything, so what counts begins behind the last of them.
        static func parse(_ stat: ArraySlice<UInt8>, _ process: pid_t) -> Entry? {
            guard let bracket = stat.lastIndex(of: UInt8(ascii: ")")) else { return nil }
            let fields = String(decoding: stat[(bracket + 1)...], as: UTF8.self).split(separator: " ")
            guard fields.count >= 20, fields[0] != "Z", fields[0] != "X", let parent = pid_t(fields[1]),
                let session = pid_t(fields[3]), let started = UInt64(fields[19])
            else { return nil }
            return Entry(member: Member(process: process, started: started), parent: parent, session: session)
        }
    }
#else
    extension ProcessTree {
        static func running() -> ProcessTree {
            var processes = [pid_t](repeating: 0, count: Int(proc_listallpids(nil, 0)) + 64)
            let count = proc_listallpids(&processes, Int32(processes.count * MemoryLayout<pid_t>.stride))
            return ProcessTree(entries: processes.prefix(max(Int(count), 0)).compactMap(read))
        }

        static func isRunning(_ member: Member) -> Bool { read(member.process)?.member == member }

        private static func read(_ process: pid_t) -> Entry? {
            var facts = proc_bsdinfo()
            let size = Int32(MemoryLayout<proc_bsdinfo>.size)
            guard process > 0, proc_pidinfo(process, PROC_PIDTBSDINFO, 0, &facts, size) == size,
                facts.pbi_status != UInt32(SZOMB)
            else { return nil }
            let started = facts.pbi_start_tvsec * 1_000_000 + facts.pbi_start_tvusec
            return Entry(
                member: Member(process: process, started: started), parent: pid_t(facts.pbi_ppid),
                session: getsid(process))
        }
    }
#endif
