import Foundation
import KinEncoding

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
    import IOKit
#endif

extension HostReader {
    /// This machine.
    public static let system = HostReader(
        file: { path in (try? StateFolder.read(path, limit: 4096)) ?? nil }, platformUUID: { systemUUID() },
        interfaces: { systemInterfaces() }, randomUUID: { UUID().uuidString.lowercased() })

    #if os(Linux)
        private static let folder = "/sys/class/net"
        /// IFF_LOOPBACK of `linux/if.h`.
        private static let loopbackFlag = 0x8

        private static func systemUUID() -> String? { nil }

        private static func systemInterfaces() -> [NetworkInterface] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return names.map { name in
                let mac = text("\(folder)/\(name)/address").split(separator: ":").compactMap { UInt8($0, radix: 16) }
                let flags = Int(text("\(folder)/\(name)/flags").dropFirst(2), radix: 16) ?? 0
                return NetworkInterface(name: name, mac: mac, isLoopback: flags & loopbackFlag != 0)
            }
        }

        private static func text(_ path: String) -> String {
            ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        }
    #else
        private static func systemUUID() -> String? {
            let service = IOServiceGetMatchingService(
                kIOMainPortDefault, IOServiceMatching("IOPlatformExpertDevice"))
            guard service != 0 else { return nil }
            defer { IOObjectRelease(service) }
            let value = IORegistryEntryCreateCFProperty(service, "IOPlatformUUID" as CFString, kCFAllocatorDefault, 0)
            return value?.takeRetainedValue() as? String
        }

        private static func systemInterfaces() -> [NetworkInterface] {
            var head: UnsafeMutablePointer<ifaddrs>?
            guard getifaddrs(&head) == 0 else { return [] }
            defer { freeifaddrs(head) }
            var interfaces: [NetworkInterface] = []
            var next = head
            while let entry = next {
                next = entry.pointee.ifa_next
                guard let address = entry.pointee.ifa_addr, address.pointee.sa_family == UInt8(AF_LINK) else {
                    continue
                }
                interfaces.append(
                    NetworkInterface(
                        name: String(cString: entry.pointee.ifa_name), mac: linkAddress(address),
                        isLoopback: entry.pointee.ifa_flags & UInt32(IFF_LOOPBACK) != 0))
            }
            return interfaces
        }

        /// The hardware address follows the interface's name in `sdl_data`.
        private static func linkAddress(_ address: UnsafeMutablePointer<sockaddr>) -> [UInt8] {
            let bytes = UnsafeRawBufferPointer(start: address, count: Int(address.pointee.sa_len))
            let (nameLength, macLength, dataOffset) = (5, 6, 8)
            guard bytes.count > dataOffset else { return [] }
            return Array(bytes.dropFirst(dataOffset + Int(bytes[nameLength])).prefix(Int(bytes[macLength])))
        }
    #endif
}
