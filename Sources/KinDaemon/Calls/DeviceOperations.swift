import Foundation
import KinCalls
import KinEncoding
import KinIdentity
import KinWire

/// `/device/*`: what a device says of itself.
struct DeviceOperations {
    let installation: Installation
    let name: OwnName
    /// Milliseconds.
    let now: @Sendable () -> Int64

    func register(in operations: inout Operations) {
        let (started, installation, name, now) = (now(), installation, name, now)
        operations.query("/device/info", "What this device is, and how long its daemon runs") { _ in
            let system = ProcessInfo.processInfo
            return .object([
                "name": .text(name.current), "machine_id": .text(installation.machineID),
                "member": .text(installation.chain.member), "role": .text(installation.chain.certificate.role),
                "version": .string(KinVersion.current), "host": .string(system.hostName),
                "system": .string(system.operatingSystemVersionString),
                "processors": .integer(Int64(system.activeProcessorCount)),
                "memory_bytes": .integer(Int64(clamping: system.physicalMemory)),
                "uptime_ms": .integer(max(0, now() - started)),
            ])
        }
    }
}
