#if os(Linux)
    import Foundation
    import Glibc
    import KinCrypto
    import KinVault
    import Testing

    /// Secrets must be gone from the whole process once their owners are: read off `/proc/self/mem`.
    @Suite(.serialized) struct MemoryTests {
        @Test("entropy, words, seed and private keys leave no copy behind")
        func erasure() throws {
            var needles: [(name: String, bytes: SecretBytes)] = []
            try derive(into: &needles)
            #expect(needles.count == 6)
            for (name, needle) in needles {
                let found = try copies(of: needle)
                #expect(found == 0, "\(name) is still in memory")
            }
        }

        @Test("a secret that is still held is found, so the search works")
        func control() throws {
            let secret = SecretBytes.random(count: 32)
            let needle = secret.withBytes { SecretBytes(copying: $0) }
            let found = try copies(of: needle)
            #expect(found == 1)
            withExtendedLifetime(secret) {}
        }

        @inline(never)
        private func derive(into needles: inout [(name: String, bytes: SecretBytes)]) throws {
            func keep(_ name: String, _ secret: SecretBytes) {
                needles.append((name, secret.withBytes { SecretBytes(copying: $0) }))
            }
            let phrase = try Phrase(parsing: Phrase.generate().sentence)
            let seed = Seed(phrase: phrase, passphrase: SecretBytes(copying: Array("passphrase".utf8)))
            let wallet = try WalletKey(seed: seed)
            let registry = try RegistryKeys.derive(entropy: phrase.entropy)
            keep("the entropy", phrase.entropy)
            keep("the sentence", phrase.sentence)
            keep("the seed", seed.bytes)
            keep("the wallet's key", wallet.privateKey.seed)
            keep("the record key", registry.recordKey)
            keep("the box key", registry.box.secret)
        }

        /// How often the bytes are in the memory that the process can read, but for the needle itself.
        private func copies(of needle: SecretBytes) throws -> Int {
            let memory = open("/proc/self/mem", O_RDONLY)
            try #require(memory >= 0)
            defer { close(memory) }
            let window = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
            defer { window.deallocate() }
            let own = UInt(bitPattern: window.baseAddress)..<UInt(bitPattern: window.baseAddress) + UInt(window.count)

            var found = 0
            for line in try maps().split(separator: "\n") {
                let bounds = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
                guard bounds.count == 2 else { continue }
                for range in Self.parts(of: bounds[0]..<bounds[1], without: own) {
                    found += count(needle, in: range, of: memory, through: window)
                }
            }
            return found - 1
        }

        /// The process's regions of memory. The kernel gives them in several reads, of a file without a length.
        private func maps() throws -> String {
            let file = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/maps"))
            return String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
        }

        /// The window holds what was read from elsewhere, and must not be searched itself.
        private static func parts(of range: Range<UInt>, without own: Range<UInt>) -> [Range<UInt>] {
            let end = min(range.upperBound, max(range.lowerBound, own.lowerBound))
            let start = max(range.lowerBound, min(range.upperBound, own.upperBound))
            return [range.lowerBound..<end, start..<range.upperBound]
        }

        private func count(
            _ needle: SecretBytes, in range: Range<UInt>, of memory: Int32,
            through window: UnsafeMutableRawBufferPointer
        ) -> Int {
            var found = 0
            var address = range.lowerBound
            while address < range.upperBound {
                let wanted = min(window.count, Int(range.upperBound - address))
                // Guard pages, and what another thread has just unmapped, cannot be read.
                let read = pread(memory, window.baseAddress, wanted, off_t(truncatingIfNeeded: address))
                guard read > 0 else { break }
                found += occurrences(of: needle, in: UnsafeRawBufferPointer(rebasing: window[..<read]))
                guard read == window.count else { break }
                address += UInt(read - needle.count + 1)
            }
            window.initializeMemory(as: UInt8.self, repeating: 0)
            return found
        }

        private func occurrences(of needle: SecretBytes, in haystack: UnsafeRawBufferPointer) -> Int {
            needle.withBytes { needle in
                var found = 0
                var position = 0
                while let base = haystack.baseAddress, let first = needle.first,
                    position + needle.count <= haystack.count,
                    let match = memchr(base + position, Int32(first), haystack.count - position - needle.count + 1)
                {
                    position = UnsafeRawPointer(match) - base
                    if let start = needle.baseAddress, memcmp(match, start, needle.count) == 0 { found += 1 }
                    position += 1
                }
                return found
            }
        }
    }
#endif
