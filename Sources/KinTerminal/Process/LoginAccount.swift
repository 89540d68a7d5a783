#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Whose programs run: the user of this process, as the system's accounts tell.
public struct LoginAccount: Hashable, Sendable {
    public var name: String
    public var home: String
    public var shell: String

    public init(name: String, home: String, shell: String) {
        self.name = name
        self.home = home
        self.shell = shell
    }

    /// - Parameter environment: says what the system does not: in a container a user may have no account.
    public static func current(environment: [String: String]) -> LoginAccount {
        var room = [CChar](repeating: 0, count: 16 << 10)
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        let account = room.withUnsafeMutableBufferPointer { room -> LoginAccount? in
            guard let base = room.baseAddress, getpwuid_r(getuid(), &entry, base, room.count, &found) == 0,
                found != nil,
                let name = entry.pw_name, let home = entry.pw_dir, let shell = entry.pw_shell
            else { return nil }
            let text = String(cString: shell)
            return LoginAccount(
                name: String(cString: name), home: String(cString: home), shell: text.isEmpty ? "/bin/sh" : text)
        }
        return account
            ?? LoginAccount(
                name: environment["USER"] ?? "\(getuid())", home: environment["HOME"] ?? "/",
                shell: environment["SHELL"] ?? "/bin/sh")
    }

    /// What a login gives a program, and of `inherited` the few that belong to the machine rather than to the process: the search path, language,
    /// time zone, and the user's runtime folder. Nothing else gets through, secrets least of all.
    func environment(kind: String, inherited: [String: String]) -> [String: String] {
        let machine = ["PATH", "LANG", "LANGUAGE", "TZ", "XDG_RUNTIME_DIR"]
        var environment = inherited.filter { machine.contains($0.key) || $0.key.hasPrefix("LC_") }
        if environment["PATH", default: ""].isEmpty {
            environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        }
        // Programs that know no language take every character beyond ASCII for several.
        if !environment.keys.contains(where: { $0 == "LANG" || $0.hasPrefix("LC_") }) {
            environment["LANG"] = "C.UTF-8"
        }
        environment["TERM"] = kind
        environment["HOME"] = home
        environment["USER"] = name
        environment["LOGNAME"] = name
        environment["SHELL"] = shell
        return environment
    }
}
