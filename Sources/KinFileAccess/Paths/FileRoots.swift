import KinWire
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The folders that may be reached, held open. One that is not there yet, or was removed and made again, is opened when it is asked for.
final class FileRoots: Sendable {
    private struct State {
        var opened: OpenRoots?
        /// Closed folders as they were seen, wherever they are moved.
        var closed: Set<FileIdentity> = []
    }

    /// The components of the home folder.
    let home: [PathName]
    private let roots: [String]
    private let closed: [String]
    private let state = Mutex(State())

    /// - Parameters:
    ///   - roots: absolute paths; links in them are followed, as their owner wrote them.
    ///   - home: absolute.
    ///   - closed: absolute paths of folders that nobody enters, though they lie in a root.
    init(_ roots: [String], home: String, closed: [String]) {
        self.roots = roots
        self.home = PathName.components(of: home.utf8).filter { $0 != .itself }
        self.closed = closed
    }

    func opened() -> OpenRoots {
        state.withLock { state in
            state.closed.formUnion(closed.compactMap(Self.identity))
            var opened = state.opened ?? OpenRoots(roots)
            if opened.isOutdated { opened = OpenRoots(roots) }
            opened.closed = state.closed
            state.opened = opened
            return opened
        }
    }

    private static func identity(_ path: String) -> FileIdentity? {
        var status = stat()
        return stat(path, &status) == 0 ? FileIdentity(status) : nil
    }
}

/// The roots as they were opened.
struct OpenRoots: Sendable {
    /// A folder under which everything may be reached.
    final class Root: Sendable {
        /// Its path without links.
        let names: [PathName]
        let folder: Descriptor

        init(names: [PathName], folder: Descriptor) {
            self.names = names
            self.folder = folder
        }

        /// Above it is nothing: there `..` stays where it is.
        var isTop: Bool { names.isEmpty }
    }

    /// A path that leads into a root.
    private struct Way: Sendable {
        let names: [PathName]
        let root: Root
        /// What is to be gone from the root.
        let inside: [PathName]
    }

    private var ways: [Way] = []
    private var roots: [Root] = []
    private var missing: [[PathName]] = []
    var closed: Set<FileIdentity> = []

    init(_ paths: [String]) {
        var found: [(written: [PathName], resolved: [PathName], folder: Descriptor)] = []
        for path in paths {
            let written = PathName.components(of: path.utf8).filter { $0 != .itself }
            guard let resolved = Self.resolved(path) else {
                missing.append(written)
                continue
            }
            let number = open(resolved, FolderFlags.root)
            guard number >= 0 else {
                missing.append(written)
                continue
            }
            found.append((written, PathName.components(of: resolved.utf8), Descriptor(taking: number)))
        }
        // The outermost first: what lies in another root is reached through that, so that `..` may go as far as it may.
        for (written, resolved, folder) in found.sorted(by: { $0.resolved.count < $1.resolved.count }) {
            let outer = roots.first { resolved.starts(with: $0.names) }
            let root = outer ?? Root(names: resolved, folder: folder)
            if outer == nil { roots.append(root) }
            let inside = Array(resolved.dropFirst(root.names.count))
            ways.append(Way(names: resolved, root: root, inside: inside))
            if written != resolved { ways.append(Way(names: written, root: root, inside: inside)) }
        }
    }

    private static func resolved(_ path: String) -> String? {
        guard path.utf8.first == UInt8(ascii: "/"), let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(validatingCString: found)
    }

    /// Whether another look may find another folder.
    var isOutdated: Bool { !missing.isEmpty || roots.contains { ($0.folder.status?.st_nlink ?? 0) == 0 } }

    /// Which root a path begins in, and how it goes on from there. Nothing is looked at.
    func start(_ names: [PathName]) -> (root: Root, inside: [PathName])? {
        let way = ways.filter { names.starts(with: $0.names) }.max { $0.names.count < $1.names.count }
        return way.map { ($0.root, $0.inside + names.dropFirst($0.names.count)) }
    }

    func isMissing(_ names: [PathName]) -> Bool { missing.contains { names.starts(with: $0) } }
}
