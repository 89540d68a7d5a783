import Foundation

/// A disk that is soon full: a tmpfs of a few megabytes, mounted for one test. Only root may mount one.
public final class SmallDisk: Sendable {
    private let folder: TemporaryFolder

    public var path: String { folder.path }

    /// Whether this process can mount one.
    public static let isAvailable = (try? SmallDisk(bytes: 65_536)) != nil

    public init(bytes: Int) throws {
        folder = try TemporaryFolder()
        try Self.run("mount", ["-t", "tmpfs", "-o", "size=\(bytes),mode=0700", "tmpfs", folder.path])
    }

    deinit { try? Self.run("umount", ["-l", folder.path]) }

    public func file(_ name: String) -> String { folder.file(name) }

    /// Takes room away until `release`.
    public func occupy(bytes: Int) throws { try Data(count: bytes).write(to: URL(filePath: file("ballast"))) }

    /// Takes all the room there is.
    public func occupyAll() throws {
        _ = FileManager.default.createFile(atPath: file("ballast"), contents: nil)
        let ballast = try FileHandle(forWritingTo: URL(filePath: file("ballast")))
        // In pages: the last that fits is the end.
        while (try? ballast.write(contentsOf: Data(count: 4096))) != nil {}
        try ballast.close()
    }

    public func release() throws { try FileManager.default.removeItem(atPath: file("ballast")) }

    private static func run(_ command: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [command] + arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw MissingValue("the right to \(command)") }
    }
}
