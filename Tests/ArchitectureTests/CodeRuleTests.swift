import Testing

@Suite struct CodeRuleTests {
    @Test("whatever switches the compiler's checks of concurrency off says why, there or in the comment above")
    func reasons() throws {
        let files = try Repository.everySource()
        #expect(files.flatMap { Concurrency.lines(in: $0) }.count > 10)
        #expect(files.flatMap { Concurrency.withoutReason(in: $0) } == [])
    }

    @Test("a reason is found beside the line or above it, and missed where there is none")
    func reasonScanner() {
        let text = """
            final class A: @unchecked Sendable {  // only touched on one thread
            /// Guarded by `lock`.
            @frozen
            final class B: @unchecked Sendable {
            /// A doc comment of another line.

            final class C: @unchecked Sendable {
            nonisolated(unsafe) var d = 1
            let e = 1  // a reason of the line above
            nonisolated(unsafe) var f = 1
            """
        let file = SourceFile(path: "X.swift", target: "X", text: text)
        #expect(
            Concurrency.withoutReason(in: file).map { $0.prefix(9) }
                == ["X.swift:7", "X.swift:8", "X.swift:10"].map { $0.prefix(9) })
    }

    @Test("nothing traps where a value or an error would do")
    func traps() throws {
        let found = try Repository.everySource().flatMap { Trap.places(in: $0) }
        #expect(found.filter { !Trap.allowed.keys.contains($0.file) }.map(\.text) == [])
        for file in Trap.allowed.keys {
            #expect(found.contains { $0.file == file }, "\(file) has no trap any more: take it out of Trap.allowed")
        }
    }

    @Test("a trap is found in code and not in comments")
    func trapScanner() {
        let text = "let a = try! b()\nlet c = d as! E\nfatalError(\"no\")\n// try! as! fatalError(\nlet f = try? g()\n"
        let found = Trap.places(in: SourceFile(path: "X.swift", target: "X", text: text))
        #expect(found.map(\.text).map { $0.prefix(9) } == ["X.swift:1", "X.swift:2", "X.swift:3"])
    }
}

/// Lines that ask the compiler to believe.
private enum Concurrency {
    static func lines(in file: SourceFile) -> [Int] {
        file.lines.indices.filter { index in
            let line = file.lines[index]
            guard line.holds("@unchecked Sendable") || line.holds("nonisolated(unsafe)") else { return false }
            return !line.trimmed.hasPrefix("//")
        }
    }

    static func withoutReason(in file: SourceFile) -> [String] {
        lines(in: file).filter { !hasReason(file, $0) }.map {
            "\(file.place($0)): @unchecked Sendable and nonisolated(unsafe) carry their reason on the line or in the comment above"
        }
    }

    private static func hasReason(_ file: SourceFile, _ index: Int) -> Bool {
        if let comment = file.lines[index].firstRange(of: "//") {
            return file.lines[index][comment.upperBound...].trimmed.count >= 10
        }
        // Attributes may stand between a comment and what it is about.
        let above = file.lines[..<index].reversed().drop { $0.trimmed.hasPrefix("@") }.first?.trimmed ?? ""
        return above.hasPrefix("//") && above.count >= 13
    }
}

/// Ways to end the process.
private enum Trap {
    /// Files that may, and why.
    static let allowed = [
        "Sources/KinCrypto/OpenSSL.swift": "without the cipher no link and no record can be opened",
        "Sources/KinCrypto/SecretBytes.swift": "with no guarded memory left no secret can be held safely",
        "Sources/KinCrypto/Secp256k1Context.swift": "the library's context could not be allocated",
        "Sources/KinCrypto/Sodium.swift": "without a source of randomness every key would be guessable",
    ]

    static func places(in file: SourceFile) -> [(file: String, text: String)] {
        file.lines.enumerated().compactMap { index, line in
            guard let trap = ["try!", "as!", "fatalError("].first(where: { line.holds($0) }),
                !line.trimmed.hasPrefix("//")
            else { return nil }
            let text = "\(file.place(index)): \(trap) ends the process: return a value or throw a typed error"
            return (file.path, text)
        }
    }
}
