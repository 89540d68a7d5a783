import KinCrypto
import Testing

#if canImport(Glibc)
    import Glibc
    private let accessViolation = SIGSEGV
#else
    import Darwin
    private let accessViolation = SIGBUS
#endif

@Suite struct SecretBytesTests {
    @Test("the bytes are those that were written")
    func contents() throws {
        let secret = SecretBytes(count: 3) { $0.copyBytes(from: [1, 2, 3]) }
        #expect(secret.count == 3)
        #expect(secret.withBytes { Array($0) } == [1, 2, 3])
        #expect(SecretBytes(copying: [1, 2, 3]) == secret)
        #expect(SecretBytes(copying: [9, 1, 2, 3][1...]) == secret)
    }

    @Test("bytes that nobody writes are zero")
    func zeros() {
        #expect(SecretBytes(count: 40) { _ in }.withBytes { Array($0) } == [UInt8](repeating: 0, count: 40))
    }

    @Test("no bytes are a secret too")
    func empty() {
        let empty = SecretBytes(copying: [])
        #expect(empty.count == 0)
        #expect(empty == SecretBytes.random(count: 0))
    }

    @Test("secrets differ in one bit or in length")
    func equality() {
        let secret = SecretBytes(copying: [1, 2, 3])
        #expect(secret != SecretBytes(copying: [1, 2, 2]))
        #expect(secret != SecretBytes(copying: [1, 2]))
        #expect(SecretBytes.random(count: 32) != SecretBytes.random(count: 32))
    }

    @Test("an error while filling comes through")
    func failedFilling() {
        struct Refusal: Error {}
        #expect(throws: Refusal.self) { try SecretBytes(count: 8) { _ in throw Refusal() } }
    }

    @Test("nothing that prints, dumps or reflects a secret shows it")
    func redaction() {
        struct Holder { let name = "holder", secret = SecretBytes(copying: Array("hunter2".utf8)) }
        let holder = Holder()
        var dumped = ""
        dump(holder, to: &dumped)
        #expect("\(holder.secret)" == "[redacted]")
        #expect(String(reflecting: holder.secret) == "[redacted]")
        #expect(Mirror(reflecting: holder.secret).children.isEmpty)
        let addresses = ["count", "address", "0x", "hunter2", "104"]
        for text in ["\(holder)", String(reflecting: holder), dumped, "\([holder.secret])"] {
            #expect(text.contains("[redacted]"))
            #expect(!addresses.contains { text.contains($0) })
        }
    }

    @Test("a filled secret cannot be written to")
    func readOnly() async {
        await #expect(processExitsWith: .signal(accessViolation)) {
            SecretBytes(copying: [1]).withBytes { UnsafeMutableRawBufferPointer(mutating: $0)[0] = 2 }
        }
    }

    @Test("the memory beyond a secret cannot be read")
    func guardPage() async {
        await #expect(processExitsWith: .signal(accessViolation)) {
            let secret = SecretBytes(copying: [1])
            let beyond = secret.withBytes { $0.baseAddress.map { ($0 + 1).load(as: UInt8.self) } }
            print(beyond as Any)
        }
    }

    #if os(Linux)
        @Test(
            "where the system allows it, secrets are locked against swap", .enabled(if: SecretBytes.isLockedAgainstSwap)
        )
        func locking() throws {
            let secrets = (0..<8).map { _ in SecretBytes.random(count: 32) }
            let status = try #require(fopen("/proc/self/status", "r"))
            defer { fclose(status) }
            var buffer = [CChar](repeating: 0, count: 8192)
            let read = fread(&buffer, 1, buffer.count, status)
            let text = String(decoding: buffer[..<read].map(UInt8.init(bitPattern:)), as: UTF8.self)
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("VmLck:") })
            let kibibytes = try #require(
                line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) })
            #expect(kibibytes >= 4 * secrets.count)
        }
    #endif
}
