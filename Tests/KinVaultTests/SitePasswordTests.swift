import KinTesting
import KinVault
import KinWire
import Testing

@Suite struct SitePasswordTests {
    static func request(_ vector: Vector) throws -> SitePasswordRequest {
        let classes = try vector.json("classes").elements.compactMap {
            SitePasswordRequest.CharacterClass(rawValue: $0.text)
        }
        return try SitePasswordRequest(
            site: vector.text("site"), length: Int(vector.integer("length")), counter: vector.integer("counter"),
            classes: Set(classes)
        ).orThrow("request")
    }

    @Test("the frozen passwords", arguments: try VaultVectors.file().entries("passwords"))
    func frozen(vector: Vector) throws {
        let request = try Self.request(vector)
        let path = try VaultPath.site(request)
        #expect(path.description == (try vector.text("path")))
        let password = try SitePassword.derive(request, key: VaultVectors.ed25519(path))
        #expect(password.text == (try vector.text("password")))
    }

    @Test("a password has its length, its classes, and nothing else", arguments: [8, 9, 20, 64, 128])
    func form(length: Int) throws {
        let kinds: [(SitePasswordRequest.CharacterClass, String)] = [
            (.lower, "abcdefghijklmnopqrstuvwxyz"), (.upper, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), (.digit, "0123456789"),
            (.symbol, "!#$%&*+-.:=?@_"),
        ]
        for chosen in 1..<16 {
            let classes = kinds.enumerated().filter { chosen >> $0.offset & 1 == 1 }.map(\.element)
            let request = try SitePasswordRequest(
                site: "site.example", length: length, classes: Set(classes.map(\.0))
            ).orThrow("request")
            let password = try SitePassword.derive(request, key: VaultVectors.ed25519(VaultPath.site(request))).text
            #expect(password.count == length)
            #expect(classes.allSatisfy { $0.1.contains(where: password.contains) })
            #expect(password.allSatisfy { character in classes.contains { $0.1.contains(character) } })
        }
    }

    @Test("no character is favoured")
    func evenness() throws {
        var counts: [Character: Int] = [:]
        let key = try VaultVectors.ed25519(DerivationPath("m/74'/1'/0'/1'"))
        for counter in 1...400 as ClosedRange<Int64> {
            let request = try SitePasswordRequest(site: "a", length: 128, counter: counter).orThrow("request")
            for character in try SitePassword.derive(request, key: key).text { counts[character, default: 0] += 1 }
        }
        // 51,200 characters of 76 kinds: 674 each, with a deviation of 26.
        #expect(counts.count == 76)
        #expect(counts.values.allSatisfy { abs($0 - 674) < 150 })
    }

    @Test("whatever is asked for differently gives another password")
    func differences() throws {
        let requests = [
            SitePasswordRequest(site: "a.example"), SitePasswordRequest(site: "b.example"),
            SitePasswordRequest(site: "a.example", counter: 2),
            SitePasswordRequest(site: "a.example", classes: [.lower, .upper, .digit]),
        ].compactMap { $0 }
        let passwords = try requests.map {
            try SitePassword.derive($0, key: VaultVectors.ed25519(VaultPath.site($0))).text
        }
        #expect(Set(passwords).count == 4)
    }

    @Test(
        "what is no site is refused",
        arguments: ["", " a", "a ", "a|b", "köln.example", "a\nb", "a\u{7f}", String(repeating: "x", count: 254)])
    func sites(site: String) {
        #expect(SitePasswordRequest(site: site) == nil)
    }

    @Test("lengths, counters and classes are bounded")
    func bounds() {
        for length in [-1, 0, 7, 129, .max] { #expect(SitePasswordRequest(site: "a", length: length) == nil) }
        for counter in [0, -1, 1 << 31] as [Int64] { #expect(SitePasswordRequest(site: "a", counter: counter) == nil) }
        #expect(SitePasswordRequest(site: "a", classes: []) == nil)
    }
}
