import Foundation
import KinCrypto
import KinEncoding
import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The files of one installation, `KINDRED_HOME`, else `~/.kindred`, as the device of one of its meshes sees them.
///
/// Secrets live in files of mode 0600, in folders made with mode 0700. Secrets others can read and folders others can write are refused, not repaired. A file that replaces another is written
/// beside it, synced and renamed, and its folder is synced.
public struct StateFolder: Hashable, Sendable {
    /// Absolute path.
    public let root: String
    public let mesh: MeshFolder

    public init(root: String, mesh: MeshFolder = .home) {
        self.root = root
        self.mesh = mesh
    }

    /// The folder that `environment` names, and the mesh of `KINDRED_MESH`. A relative `KINDRED_HOME` is taken from the working directory.
    public init(environment: [String: String]) throws {
        if let name = environment["KINDRED_MESH"], !name.isEmpty {
            guard let named = MeshFolder(name) else {
                throw KinError("mesh_invalid", "--mesh or KINDRED_MESH: a mesh is \(MeshFolder.rule)", category: .usage)
            }
            mesh = named
        } else {
            mesh = .home
        }
        if let named = environment["KINDRED_HOME"], !named.isEmpty {
            root = URL(fileURLWithPath: named).standardizedFileURL.path
        } else if let home = environment["HOME"], !home.isEmpty {
            root = home + "/.kindred"
        } else {
            throw KinError("home_unknown", "neither KINDRED_HOME nor HOME is set: set one of them", category: .usage)
        }
    }

    /// The home, and the mesh where it is not the machine's own: for people.
    public var place: String { mesh.isHome ? root : "\(root) (\(mesh))" }

    public func path(_ name: String) -> String { "\(root)/\(name)" }

    public var configPath: String { ofMesh("config.toml") }
    public var walletPath: String { ofMesh("wallet.json") }
    /// Sealed records of the devices seen.
    public var devicesPath: String { ofMesh("devices.json") }
    /// What this device calls others.
    var aliasesPath: String { ofMesh("aliases.json") }
    public var serverPath: String { path("server") }

    /// The folder of the daemon of this mesh.
    public func daemon() -> String { path("daemon/\(mesh)") }

    /// What the machine's own mesh keeps at the top, and others in their folders.
    private func ofMesh(_ name: String) -> String { mesh.isHome ? path(name) : "\(daemon())/\(name)" }

    /// The meshes this machine is a member of, its own first.
    public func meshes() -> [MeshFolder] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path("daemon"))) ?? []
        return names.compactMap { MeshFolder($0) }.sorted().filter { mesh in
            let there = StateFolder(root: root, mesh: mesh)
            return access(there.walletPath, F_OK) == 0 && access(there.daemon() + "/chain.json", F_OK) == 0
        }
    }

    /// Creates the folders that are missing (0700) and checks those that are there.
    public func prepare() throws {
        try EphemeralFolder.refuseFormer(self)
        for folder in [root, path("daemon"), daemon()] { try Self.prepareFolder(folder) }
    }

    /// Refuses a home that others can write. One that is not there yet is fine.
    public func check() throws {
        try EphemeralFolder.refuseFormer(self)
        guard access(root, F_OK) == 0 else { return }
        try Self.checkMode(of: root, forbidden: 0o022, expected: "700")
    }

    /// Creates one private folder, or checks it.
    public static func prepareFolder(_ folder: String) throws {
        if mkdir(folder, 0o700) != 0 && errno != EEXIST {
            let parent = (folder as NSString).deletingLastPathComponent
            guard errno == ENOENT, parent != folder, !parent.isEmpty else { throw unwritable(folder, errno) }
            try createParents(of: folder)
            guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw unwritable(folder, errno) }
        }
        try checkMode(of: folder, forbidden: 0o022, expected: "700")
        guard access(folder, W_OK | X_OK) == 0 else { throw unwritable(folder, errno) }
    }

    private static func createParents(of folder: String) throws {
        let parent = (folder as NSString).deletingLastPathComponent
        do {
            try FileManager.default.createDirectory(
                atPath: parent, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw KinError("home_not_writable", "\(parent) cannot be created: \(error.localizedDescription)")
        }
    }

    static func unwritable(_ folder: String, _ code: Int32) -> KinError {
        KinError(
            "home_not_writable",
            "\(folder) cannot be written (\(String(cString: strerror(code)))): make it yours, or set KINDRED_HOME to a folder that is",
            detail: ["path": .string(folder)])
    }

    static func checkMode(of path: String, forbidden: mode_t, expected: String) throws {
        var status = stat()
        guard stat(path, &status) == 0 else { throw unwritable(path, errno) }
        guard status.st_mode & forbidden == 0 else {
            throw KinError(
                "loose_mode", "\(path) can be reached by other users: run  chmod \(expected) \(path)  and try again",
                category: .refused, detail: ["path": .string(path)])
        }
    }
}

extension StateFolder {
    /// The whole of a small file; nil where there is none.
    public static func read(_ path: String, limit: Int = 1 << 20) throws -> [UInt8]? {
        try readSecret(path, limit: limit, isPrivate: false)?.withBytes { Array($0) }
    }

    /// The whole of a private file, into guarded memory. A file others can reach is refused.
    public static func readSecret(_ path: String, limit: Int = 1 << 20, isPrivate: Bool = true) throws -> SecretBytes? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw unreadable(path, errno)
        }
        defer { close(file) }
        if isPrivate { try checkMode(of: path, forbidden: 0o077, expected: "600") }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw unreadable(path, errno) }
        guard status.st_size <= limit else {
            throw KinError("file_too_large", "\(path) is larger than \(limit) bytes; it is not a file of kin's")
        }
        return try SecretBytes(count: Int(status.st_size)) { buffer in
            var filled = 0
            while filled < buffer.count {
                let count = Foundation.read(file, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
                guard count > 0 else { throw unreadable(path, count == 0 ? EIO : errno) }
                filled += count
            }
        }
    }

    /// Overwrites a file and removes it; what a file system or a disk keeps of old content is beyond reach. Nothing happens where there is none.
    public static func erase(_ path: String) throws {
        let file = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else {
            if errno == ENOENT { return }
            throw unwritable(path, errno)
        }
        defer { close(file) }
        var status = stat()
        if fstat(file, &status) == 0 {
            let zeros = [UInt8](repeating: 0, count: min(Int(status.st_size), 1 << 20))
            _ = Foundation.write(file, zeros, zeros.count)
            fsync(file)
        }
        guard unlink(path) == 0 else { throw unwritable(path, errno) }
        try syncFolder(of: path)
    }

    private static func unreadable(_ path: String, _ code: Int32) -> KinError {
        KinError("file_unreadable", "\(path) cannot be read: \(String(cString: strerror(code)))")
    }

    /// Replaces a file so that after a crash either the old or the new content is there.
    public static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws {
        try bytes.withUnsafeBytes { try write($0, to: path, mode: mode) }
    }

    /// Replaces a file with the content of guarded memory (0600).
    public static func write(_ secret: SecretBytes, to path: String) throws {
        try secret.withBytes { try write($0, to: path, mode: 0o600) }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to path: String, mode: mode_t) throws {
        // A name of its own for each write: two writers of one file must not share a temporary one.
        let temporary = "\(path).\(Hex.encode(Random.bytes(6))).tmp"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw unwritable(path, errno) }
        do {
            defer { close(file) }
            try fill(file, with: bytes, mode: mode, path: path)
            guard rename(temporary, path) == 0 else { throw unwritable(path, errno) }
        } catch {
            unlink(temporary)
            throw error
        }
        try syncFolder(of: path)
    }

    private static func fill(_ file: Int32, with bytes: UnsafeRawBufferPointer, mode: mode_t, path: String) throws {
        guard fchmod(file, mode) == 0 else { throw unwritable(path, errno) }
        var written = 0
        while written < bytes.count {
            let count = Foundation.write(file, bytes.baseAddress?.advanced(by: written), bytes.count - written)
            guard count > 0 else { throw unwritable(path, errno) }
            written += count
        }
        guard fsync(file) == 0 else { throw unwritable(path, errno) }
    }

    static func syncFolder(of path: String) throws {
        let folder = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw unwritable(path, errno) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw unwritable(path, errno) }
    }
}
