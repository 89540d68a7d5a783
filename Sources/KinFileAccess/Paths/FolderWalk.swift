import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Goes a path component by component and never leaves the roots, whatever is renamed or linked meanwhile.
///
/// Each folder is opened in the one before, without following links, and held; `..` goes back to the one that is held. A link is read and gone by hand.
struct FolderWalk {
    /// As the kernel (path_resolution(7)).
    private static let maxLinks = 40
    /// Folders held open at once.
    static let maxDepth = 128
    private static let maxSteps = 4096
    /// Looks at one name that is exchanged all the time.
    private static let maxLooks = 8

    private let roots: OpenRoots
    private let path: RequestedPath
    private var root: OpenRoots.Root
    private var folders: [Descriptor]
    /// What is still to be gone, the next last.
    private var ahead: [PathName]
    private var links = 0

    /// - Parameter followingLast: whether a link at the end is followed.
    /// - Throws: `outside_roots`, `file_missing`, `not_a_folder`, `too_many_links`, `path_invalid`, `access_denied`.
    static func place(of path: RequestedPath, in roots: OpenRoots, followingLast: Bool = true) throws(KinError) -> Place
    {
        var walk = try FolderWalk(path, roots)
        return try walk.run(followingLast)
    }

    private init(_ path: RequestedPath, _ roots: OpenRoots) throws(KinError) {
        guard let (root, inside) = roots.start(path.names) else {
            throw roots.isMissing(path.names) ? FileFault.missing(path) : FileFault.outside(path)
        }
        self.roots = roots
        self.path = path
        self.root = root
        folders = [root.folder]
        ahead = inside.reversed()
    }

    private mutating func run(_ followingLast: Bool) throws(KinError) -> Place {
        try refuseClosed(root.folder)
        var steps = 0
        while let name = ahead.popLast() {
            steps += 1
            guard steps <= Self.maxSteps else { throw FileFault.tooManyLinks(path) }
            if name == .itself { continue }
            if name == .above {
                try goBack()
            } else if !ahead.isEmpty {
                try enter(name)
            } else if followingLast, let target = try link(name) {
                try follow(target)
            } else {
                return Place(folder: folders[folders.count - 1], name: name, path: path, closed: roots.closed)
            }
        }
        return Place(folder: folders[folders.count - 1], name: nil, path: path, closed: roots.closed)
    }

    private mutating func goBack() throws(KinError) {
        if folders.count > 1 {
            folders.removeLast()
        } else if !root.isTop {
            throw FileFault.outside(path)
        }
    }

    private mutating func enter(_ name: PathName) throws(KinError) {
        for _ in 0..<Self.maxLooks {
            let number = openat(folders[folders.count - 1].number, name.characters, FolderFlags.inside)
            if number >= 0 {
                let folder = Descriptor(taking: number)
                try refuseClosed(folder)
                guard folders.count < Self.maxDepth else { throw FileFault.invalid(path.text) }
                return folders.append(folder)
            }
            let code = errno
            guard code == ELOOP || code == ENOTDIR || code == EMLINK else {
                throw FileFault.failure(code, path, .passing)
            }
            if let target = try link(name) { return try follow(target) }
            var status = stat()
            // It was a link a moment ago and is a folder now: once more.
            guard fstatat(folders[folders.count - 1].number, name.characters, &status, AT_SYMLINK_NOFOLLOW) == 0,
                status.st_mode & S_IFMT == S_IFDIR
            else { throw FileFault.notAFolder(path) }
        }
        throw FileFault.busy(path)
    }

    private func refuseClosed(_ folder: Descriptor) throws(KinError) {
        guard !roots.closed.isEmpty else { return }
        guard let status = folder.status, !roots.closed.contains(FileIdentity(status)) else {
            throw FileFault.closed(path)
        }
    }

    /// - Returns: where it leads; nil where it is none, or nothing.
    private func link(_ name: PathName) throws(KinError) -> [UInt8]? {
        var target = [CChar](repeating: 0, count: RequestedPath.maxBytes + 1)
        let count = readlinkat(folders[folders.count - 1].number, name.characters, &target, target.count)
        if count >= 0 {
            guard count <= RequestedPath.maxBytes else { throw FileFault.tooManyLinks(path) }
            return target.prefix(count).map { UInt8(bitPattern: $0) }
        }
        guard errno == EINVAL || errno == ENOENT else { throw FileFault.failure(errno, path, .passing) }
        return nil
    }

    private mutating func follow(_ target: [UInt8]) throws(KinError) {
        links += 1
        guard links <= Self.maxLinks, ahead.count < Self.maxSteps else { throw FileFault.tooManyLinks(path) }
        let names = PathName.components(of: target)
        guard target.first == UInt8(ascii: "/") else { return ahead += names.reversed() }
        guard let (root, inside) = roots.start(names) else { throw FileFault.outside(path) }
        self.root = root
        folders = [root.folder]
        ahead += inside.reversed()
        try refuseClosed(root.folder)
    }
}
