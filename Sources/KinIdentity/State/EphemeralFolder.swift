import Foundation
import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The private folder of an ephemeral device, in the system's temporary one. It holds queues and a socket, never a key, and goes with the device.
///
/// A file in it is locked for as long as the device lives: what a killed one left is thereby told from what is in use.
public final class EphemeralFolder: Sendable {
    private static let prefix = "kindred-"
    private static let mark = "/ephemeral"
    /// Seconds: a folder younger than that may be one that is being made.
    private static let youth: Double = 60

    public let state: StateFolder
    private let lock: FileLock

    /// Makes a folder (0700).
    /// - Parameter parent: where; `TMPDIR`, else `/tmp`.
    /// - Throws: `temporary_unusable`.
    public init(in parent: String) throws {
        var template = Array("\(parent)/\(Self.prefix)XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw KinError(
                "temporary_unusable",
                "no folder can be made in \(parent) (\(String(cString: strerror(errno)))): set TMPDIR to one that is yours"
            )
        }
        let root = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        state = StateFolder(root: root)
        do {
            lock = try FileLock(root + Self.mark)
        } catch {
            Self.remove(root)
            throw error is KinError ? error : KinError("home_not_writable", "\(root) is in use")
        }
    }

    /// Whether a home is an ephemeral device's.
    public static func isOne(_ state: StateFolder) -> Bool { access(state.root + mark, F_OK) == 0 }

    /// Keeps an ephemeral device's folder from becoming another's home.
    /// - Throws: `ephemeral_device`.
    static func refuse(_ state: StateFolder) throws {
        if isOne(state) { throw Installation.missing(state) }
    }

    /// Whether a home was an ephemeral device's that has ended: its name is of that form, and it is not there, or nobody holds it.
    public static func wasOne(_ state: StateFolder) -> Bool {
        let name = (state.root as NSString).lastPathComponent
        guard name.wholeMatch(of: /kindred-[A-Za-z0-9]{6}/) != nil else { return false }
        return access(state.root, F_OK) != 0 || (isOne(state) && FileLock.holder(of: state.root + mark) == nil)
    }

    /// A shell that still has its name must not make a lasting home there.
    /// - Throws: `ephemeral_ended`.
    static func refuseFormer(_ state: StateFolder) throws {
        guard wasOne(state) else { return }
        throw KinError(
            "ephemeral_ended",
            "KINDRED_HOME is \(state.root), of an ephemeral device that has ended: unset KINDRED_HOME, or start another",
            category: .unreachable)
    }

    /// Waits until a device that ends has removed its folder, for a moment.
    public static func waitForRemoval(of state: StateFolder) async {
        let deadline = ContinuousClock.now + .seconds(2)
        while access(state.root, F_OK) == 0, ContinuousClock.now < deadline {
            do { try await Task.sleep(for: .milliseconds(10)) } catch { return }
        }
    }

    /// Removes the folder and what is in it.
    public func remove() { Self.remove(state.root) }

    /// The mark goes last, so that a sweep finds what is left of a removal that was cut off.
    private static func remove(_ root: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        for name in names where "/" + name != mark { try? FileManager.default.removeItem(atPath: "\(root)/\(name)") }
        try? FileManager.default.removeItem(atPath: root)
    }

    /// Removes what ephemeral devices of this user left that were killed.
    /// - Returns: how many folders.
    @discardableResult
    public static func sweep(_ parent: String, now: Date = Date()) -> Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        let left = names.filter { $0.hasPrefix(prefix) }.map { "\(parent)/\($0)" }.filter { isLeft($0, now) }
        for root in left { remove(root) }
        return left.count
    }

    private static func isLeft(_ root: String, _ now: Date) -> Bool {
        var (folder, file) = (stat(), stat())
        guard lstat(root, &folder) == 0, folder.st_mode & S_IFMT == S_IFDIR, folder.st_mode & 0o077 == 0,
            folder.st_uid == getuid(), lstat(root + mark, &file) == 0, file.st_uid == getuid()
        else { return false }
        #if canImport(Darwin)
            let made = Double(file.st_mtimespec.tv_sec)
        #else
            let made = Double(file.st_mtim.tv_sec)
        #endif
        return now.timeIntervalSince1970 - made > youth && FileLock.holder(of: root + mark) == nil
    }
}
