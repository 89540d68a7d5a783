#if os(Linux)
    import Foundation
    import Glibc
    import KinCrypto
    import KinTesting

    /// What the process's memory holds, read off `/proc/self/mem`.
    enum ProcessMemory {
        /// How often each needle is in the memory that the process can read, but for the needle itself.
        static func copies(of needles: [SecretBytes]) throws -> [Int] {
            let memory = open("/proc/self/mem", O_RDONLY)
            guard memory >= 0 else { throw MissingValue("/proc/self/mem") }
            defer { close(memory) }
            let window = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
            defer { window.deallocate() }
            let own = UInt(bitPattern: window.baseAddress)..<UInt(bitPattern: window.baseAddress) + UInt(window.count)

            var found = needles.map { _ in -1 }
            for line in try maps().split(separator: "\n") {
                // A file's bytes that nobody here may write hold no secret.
                if line.contains(" /"), !line.contains(" rw") { continue }
                let bounds = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
                guard bounds.count == 2 else { continue }
                for range in parts(of: bounds[0]..<bounds[1], without: own) {
                    search(for: needles, in: range, of: memory, through: window, counting: &found)
                }
            }
            return found
        }

        static func copies(of needle: SecretBytes) throws -> Int { try copies(of: [needle])[0] }

        /// The process's regions of memory. The kernel gives them in several reads, of a file without a length.
        private static func maps() throws -> String {
            let file = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/maps"))
            return String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
        }

        /// The window holds what was read from elsewhere, and must not be searched itself.
        private static func parts(of range: Range<UInt>, without own: Range<UInt>) -> [Range<UInt>] {
            let end = min(range.upperBound, max(range.lowerBound, own.lowerBound))
            let start = max(range.lowerBound, min(range.upperBound, own.upperBound))
            return [range.lowerBound..<end, start..<range.upperBound]
        }

        private static func search(
            for needles: [SecretBytes], in range: Range<UInt>, of memory: Int32,
            through window: UnsafeMutableRawBufferPointer, counting found: inout [Int]
        ) {
            // So much of each window comes again at the start of the next.
            let overlap = (needles.map(\.count).max() ?? 1) - 1
            var address = range.lowerBound
            var seen = 0
            while address < range.upperBound {
                let wanted = min(window.count, Int(range.upperBound - address))
                // Guard pages, and what another thread has just unmapped, cannot be read.
                let read = pread(memory, window.baseAddress, wanted, off_t(truncatingIfNeeded: address))
                guard read > 0 else { break }
                let bytes = UnsafeRawBufferPointer(rebasing: window[..<read])
                for (index, needle) in needles.enumerated() {
                    found[index] += occurrences(of: needle, in: bytes, endingAfter: seen)
                }
                guard read == window.count else { break }
                address += UInt(read - overlap)
                seen = overlap
            }
            window.initializeMemory(as: UInt8.self, repeating: 0)
        }

        /// - Parameter seen: matches that lie within as many bytes of the start were counted in the window before.
        private static func occurrences(
            of needle: SecretBytes, in haystack: UnsafeRawBufferPointer, endingAfter seen: Int
        ) -> Int {
            needle.withBytes { needle in
                guard let find, let base = haystack.baseAddress, let wanted = needle.baseAddress else { return 0 }
                var found = 0
                var position = max(0, seen - needle.count + 1)
                while position < haystack.count,
                    let match = find(base + position, haystack.count - position, wanted, needle.count)
                {
                    found += 1
                    position = UnsafeRawPointer(match) - base + 1
                }
                return found
            }
        }

        private typealias Find =
            @convention(c) (UnsafeRawPointer, Int, UnsafeRawPointer, Int) -> UnsafeMutableRawPointer?

        /// glibc's `memmem`, which its Swift module leaves out.
        private static let find = dlsym(nil, "memmem").map { unsafeBitCast($0, to: Find.self) }
    }
#endif
