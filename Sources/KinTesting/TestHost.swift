import KinIdentity
import Synchronization

/// A machine whose id and interfaces a test sets, and changes while it is looked at.
public final class TestHost: Sendable {
    public struct Facts: Sendable {
        /// By path.
        public var files: [String: String] = [:]
        public var platformUUID: String?
        public var interfaces: [NetworkInterface] = []
    }

    private let facts: Mutex<Facts>
    private let uuids = Mutex(0)

    /// - Parameters:
    ///   - etc: content of `/etc/machine-id`.
    ///   - macs: the last byte of each interface's address, by its name.
    public init(etc: String? = nil, macs: [String: UInt8] = [:]) {
        var facts = Facts()
        facts.files["/etc/machine-id"] = etc
        facts.interfaces = macs.map { NetworkInterface(name: $0.key, mac: [2, 0, 0, 0, 0, $0.value]) }
        self.facts = Mutex(facts)
    }

    public func change(_ body: (inout Facts) -> Void) { facts.withLock { body(&$0) } }

    public var reader: HostReader {
        HostReader(
            file: { path in self.facts.withLock { $0.files[path] }.map { Array($0.utf8) } },
            platformUUID: { self.facts.withLock { $0.platformUUID } },
            interfaces: { self.facts.withLock { $0.interfaces } },
            randomUUID: {
                self.uuids.withLock { count in
                    count += 1
                    return "uuid-\(count)"
                }
            })
    }
}
