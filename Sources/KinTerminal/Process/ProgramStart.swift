import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a request comes to on this machine: which file runs, with what, and where.
struct ProgramStart: Hashable {
    var program: String
    var arguments: [String]
    var environment: [String: String]
    var folder: String

    /// - Throws: `terminal_request_invalid`, `command_not_found`, `folder_not_found`.
    init(_ request: TerminalRequest, account: LoginAccount, inherited: [String: String]) throws(KinError) {
        if let fault = request.fault { throw .invalidRequest(fault) }
        environment = account.environment(kind: request.kind, inherited: inherited)
        folder = Self.absolute(request.folder ?? account.home, in: account.home)
        // A home that is missing keeps nobody out.
        if request.folder == nil && !Self.isFolder(folder) { folder = "/" }
        guard Self.isFolder(folder) else { throw .folderNotFound(folder) }
        if let command = request.command {
            program = try Self.find(command[0], in: folder, path: environment["PATH", default: ""])
            arguments = command
        } else {
            program = Self.isProgram(account.shell) ? account.shell : "/bin/sh"
            // The dash tells a shell that it is a login's.
            arguments = ["-" + (program.split(separator: "/").last.map(String.init) ?? "sh")]
        }
    }

    private static func absolute(_ path: String, in folder: String) -> String {
        if path == "~" { return folder }
        if path.hasPrefix("~/") { return folder + path.dropFirst() }
        return path.hasPrefix("/") ? path : folder + "/" + path
    }

    private static func find(_ name: String, in folder: String, path: String) throws(KinError) -> String {
        let candidates =
            name.contains("/")
            ? [absolute(name, in: folder)]
            : path.split(separator: ":").filter { $0.hasPrefix("/") }.map { "\($0)/\(name)" }
        guard let program = candidates.first(where: isProgram) else { throw .commandNotFound(name) }
        return program
    }

    private static func isFolder(_ path: String) -> Bool { kind(path) == S_IFDIR && access(path, X_OK) == 0 }

    private static func isProgram(_ path: String) -> Bool { kind(path) == S_IFREG && access(path, X_OK) == 0 }

    private static func kind(_ path: String) -> mode_t? {
        var facts = stat()
        return stat(path, &facts) == 0 ? facts.st_mode & S_IFMT : nil
    }
}
