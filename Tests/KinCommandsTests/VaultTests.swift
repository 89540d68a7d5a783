import Foundation
import KinEncoding
import Testing

@testable import KinCommands

/// Without a daemon: each command asks for the phrase and holds the vault itself.
@Suite("kin vault, and the sealed wallet")
struct VaultTests {
    private static let password = "correct horse battery"

    private func stage(_ piped: String = Stage.phrase) throws -> Stage {
        try Stage(terminal: ScriptedTerminal(piped: piped))
    }

    private func answer(_ arguments: String..., piped: String = Stage.phrase) async throws -> String {
        let stage = try stage(piped)
        defer { stage.remove() }
        let status = await KinCommand.execute(arguments, in: stage.context)
        #expect(status == .ok, "\(stage.errors.text)")
        return stage.output.text
    }

    @Test("passwords are the same each time, and differ by counter, length and classes")
    func passwords() async throws {
        let first = try await answer("vault", "password", "example.org")
        #expect(first.count == 21, "20 characters and a line end")
        #expect(try await answer("vault", "password", "Example.ORG") == first)
        #expect(try await answer("vault", "password", "example.org", "--counter", "2") != first)
        let digits = try await answer("vault", "password", "example.org", "--length", "8", "--classes", "digit")
        #expect(digits.dropLast().count == 8 && digits.dropLast().allSatisfy(\.isNumber))
    }

    @Test(
        "what no password can be made of is a wrong argument",
        arguments: [
            ["a|b"], ["x", "--length", "7"], ["x", "--length", "129"], ["x", "--counter", "0"],
            ["x", "--classes", "emoji"],
        ])
    func impossiblePasswords(arguments: [String]) async throws {
        let stage = try stage()
        #expect(await KinCommand.execute(["vault", "password"] + arguments, in: stage.context) == .usage)
    }

    @Test("a credential opens under its name, and rotates to another key")
    func credentials() async throws {
        let stage = try stage()
        defer { stage.remove() }
        try FileManager.default.createDirectory(atPath: stage.home, withIntermediateDirectories: true)
        try "s3cret".write(toFile: stage.home + "/plain", atomically: true, encoding: .utf8)
        #expect(await stage.run("vault", "encrypt", "token", "--in", "plain", "--out", "sealed") == .ok)
        #expect(await stage.run("vault", "decrypt", "token", "--in", "sealed") == .ok)
        #expect(stage.output.text == "s3cret")
        #expect(await stage.run("vault", "decrypt", "other", "--in", "sealed") == .refused)
        #expect(await stage.run("vault", "rotate", "token", "--to", "2", "--in", "sealed", "--out", "sealed2") == .ok)
        let rotated = try String(contentsOfFile: stage.home + "/sealed2", encoding: .utf8)
        #expect(rotated.contains("\"key_version\":2"))
        #expect(await stage.run("vault", "decrypt", "token", "--in", "sealed2", "--json") == .ok)
        #expect(stage.output.lines.last == #"s3cret{"plaintext":"czNjcmV0"}"#)
        #expect(await stage.run("vault", "decrypt", "token", "--in", "plain") == .usage)
        #expect(await stage.run("vault", "decrypt", "token", "--in", "missing") == .notFound)
        #expect(await stage.run("vault", "encrypt", "token") == .usage, "the phrase and the text cannot both be piped")
        #expect(stage.errors.text.contains("kin vault unlock"))
    }

    @Test("public keys and addresses follow from the phrase")
    func publicKeys() async throws {
        #expect(try await answer("vault", "eth-address").hasPrefix("0x"))
        #expect(try await answer("vault", "nostr-key").hasPrefix("npub1"))
        #expect(try await answer("vault", "nostr-key", "--private").hasPrefix("nsec1"))
        #expect(try await answer("vault", "ssh-key", "--public", "--comment", "me").hasSuffix(" me\n"))
        #expect(try await answer("vault", "derive", "m/74'/0'/0'/7'", "--public").count == 65)
        let accounts = try await answer("wallet", "accounts", "--count", "3", "--json")
        guard case .array(let addresses) = try JSON.parse(Array(accounts.dropLast().utf8)) else {
            Issue.record("no array")
            return
        }
        #expect(addresses.count == 3 && Set(addresses).count == 3)
    }

    @Test("paths of the wallet never leave", arguments: ["m/44'/501'/0'/0'", "m/44'/501'", "m/44'"])
    func walletPaths(path: String) async throws {
        #expect(await (try stage()).run("vault", "derive", path) == .refused)
    }

    @Test("the SSH key is written for its owner alone")
    func sshKey() async throws {
        let stage = try stage()
        defer { stage.remove() }
        try FileManager.default.createDirectory(atPath: stage.home, withIntermediateDirectories: true)
        #expect(await stage.run("vault", "ssh-key") == .usage)
        #expect(await stage.run("vault", "ssh-key", "--out", "id") == .ok)
        let attributes = try FileManager.default.attributesOfItem(atPath: stage.home + "/id")
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        #expect(try String(contentsOfFile: stage.home + "/id", encoding: .utf8).hasPrefix("-----BEGIN OPENSSH"))
        try "precious".write(toFile: stage.home + "/other", atomically: true, encoding: .utf8)
        #expect(await stage.run("vault", "ssh-key", "--out", "other") == .conflict)
        #expect(try String(contentsOfFile: stage.home + "/other", encoding: .utf8) == "precious")
        #expect(await stage.run("vault", "ssh-key", "--out", "other", "--replace") == .ok)
    }

    @Test("a path that leads nowhere is the user's mistake", arguments: ["xx", "m/2147483648'", "m/1/2"])
    func path(text: String) async throws {
        let stage = try stage()
        defer { stage.remove() }
        #expect(await stage.run("vault", "derive", text) == .usage)
        #expect(!stage.errors.text.contains("should not"))
    }

    @Test("a sealed phrase is opened by its passphrase instead of the words, shown once, and removed")
    func sealed() async throws {
        let stage = try stage(Stage.phrase + "\n" + Self.password + "\n")
        defer { stage.remove() }
        #expect(await stage.run("wallet", "seal") == .ok)
        #expect(await stage.run("wallet", "seal") == .conflict)
        let opened = stage.with(terminal: ScriptedTerminal(piped: Self.password + "\n"))
        #expect(await opened.run("vault", "password", "example.org") == .ok)
        let wrong = stage.with(terminal: ScriptedTerminal(piped: "incorrect horse\n"))
        #expect(await wrong.run("vault", "password", "example.org") == .refused)
        #expect(await opened.run("wallet", "unseal") == .usage, "the output is no terminal")
        #expect(await opened.run("wallet", "unseal", "--print") == .ok)
        #expect(stage.output.lines.last == Stage.phrase)
        #expect(await wrong.run("wallet", "unseal", "--remove") == .refused)
        #expect(await opened.run("wallet", "unseal", "--remove") == .ok)
        #expect(await opened.run("wallet", "unseal", "--remove") == .notFound)
        #expect(!FileManager.default.fileExists(atPath: stage.home + "/vault.sealed"))
    }

    @Test("a short passphrase does not seal; on a terminal it is typed twice")
    func passphrases() async throws {
        let short = try stage(Stage.phrase + "\nshort\n")
        #expect(await short.run("wallet", "seal") == .usage)
        let slip = try Stage(terminal: ScriptedTerminal(answers: [Stage.phrase, Self.password, "correct house"]))
        #expect(await slip.run("wallet", "seal") == .usage)
        #expect(slip.errors.text.contains("differ"))
    }

    @Test("in a home that belongs to a wallet another phrase is refused")
    func otherPhrase() async throws {
        let stage = try stage()
        defer { stage.remove() }
        #expect(await stage.run("wallet", "import") == .ok)
        let words = Array(repeating: "abandon", count: 11).joined(separator: " ") + " about"
        let other = stage.with(terminal: ScriptedTerminal(piped: words))
        for arguments in [["vault", "password", "x.org"], ["wallet", "accounts"], ["vault", "eth-address"]] {
            #expect(await KinCommand.execute(arguments, in: other.context) == .refused, "\(arguments)")
        }
        #expect(stage.errors.text.contains("belongs to the wallet"))
    }

    @Test("forgetting erases every secret and keeps the messages aside")
    func forget() async throws {
        let stage = try stage()
        defer { stage.remove() }
        #expect(await stage.run("wallet", "import") == .ok)
        let inbox = stage.home + "/daemon/home/inbox.db"
        try "messages".write(toFile: inbox, atomically: true, encoding: .utf8)
        #expect(await stage.run("wallet", "forget") == .usage, "nobody can be asked")
        #expect(await stage.run("wallet", "forget", "--yes") == .ok)
        let left = try FileManager.default.subpathsOfDirectory(atPath: stage.home).sorted()
        #expect(
            !left.contains {
                $0.contains("keypair") || $0.contains("wallet") || $0.contains("chain") || $0.hasSuffix("device.json")
            })
        #expect(left.contains { $0.hasPrefix("daemon/home/inbox.db.forgotten-") })
        #expect(await stage.run("wallet", "address") == .notFound)
        let asked = try Stage(terminal: ScriptedTerminal(answers: ["no"]))
        #expect(await asked.with(terminal: ScriptedTerminal(piped: Stage.phrase)).run("wallet", "import") == .ok)
        #expect(await asked.run("wallet", "forget") == .usage)
        #expect(await asked.run("wallet", "address") == .ok)
        asked.remove()
    }
}
