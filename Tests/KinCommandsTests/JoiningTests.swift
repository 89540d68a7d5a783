import Foundation
import KinEncoding
import Testing

@testable import KinCommands

@Suite("kin device request and approve, carried by hand")
struct JoiningTests {
    private func owner() async throws -> Stage {
        let stage = try Stage(terminal: ScriptedTerminal(piped: Stage.phrase))
        try #require(await stage.run("wallet", "import") == .ok)
        return stage
    }

    private func member(_ name: String, of line: String?) throws -> String {
        guard case .object(let members) = try JSON.parse(Array((line ?? "").utf8)),
            case .string(let text)? = members[name]
        else { throw CocoaError(.fileReadCorruptFile) }
        return text
    }

    @Test("piped: the machine and the family are named, and the machine is a member at the end")
    func piped() async throws {
        let (owner, kiosk) = (try await owner(), try Stage())
        defer { owner.remove(); kiosk.remove() }
        #expect(await kiosk.run("device", "request", "--by-hand", "--name", "kiosk", "--json") == .ok)
        let request = try member("request", of: kiosk.output.lines.last)
        let number = try member("safety_number", of: kiosk.output.lines.last)
        let asked = owner.with(terminal: ScriptedTerminal(piped: request))
        #expect(await asked.run("device", "approve", "-") == .usage)
        #expect(await asked.run("device", "approve", request) == .usage, "as it is, too: only the number is missing")
        #expect(owner.errors.lines.last?.contains("--safety-number") == true)
        #expect(await kiosk.run("up", "--join", "kinjoin1.eyJib3hfcHVibGljIjoiY") == .usage)
        #expect(kiosk.errors.text.contains("KINDRED_JOIN"))
        #expect(owner.errors.text.contains("--safety-number"))
        #expect(
            await asked.run("device", "approve", "-", "--safety-number", "00000 00000 00000 00000 00000 00000")
                == .refused)
        #expect(await asked.run("device", "approve", "-", "--safety-number", number, "--role", "owner") == .refused)
        #expect(await asked.run("device", "approve", "-", "--safety-number", number, "--role", "guest") == .usage)
        #expect(
            await asked.run("device", "approve", "-", "--safety-number", number, "--role", "machine", "--json") == .ok)
        let answer = try member("answer", of: owner.output.lines.last)
        let answered = kiosk.with(terminal: ScriptedTerminal(piped: answer))
        #expect(await answered.run("device", "request", "--answer", "-") == .usage)
        #expect(await answered.run("device", "request", "--answer", "-", "--family", "elsewhere") == .refused)
        #expect(await kiosk.run("wallet", "address") == .notFound, "nothing was accepted yet")
        #expect(await owner.run("wallet", "address") == .ok)
        let address = try #require(owner.output.lines.last)
        #expect(await answered.run("device", "request", "--answer", "-", "--family", address) == .ok)
        #expect(await kiosk.run("wallet", "address") == .ok)
        #expect(kiosk.output.lines.last == address)
        #expect(await kiosk.run("device", "request", "--by-hand") == .conflict)
    }

    @Test("a join credential is made with the phrase, kept from other eyes, and taken by a machine of no family")
    func credential() async throws {
        let owner = try await owner()
        defer { owner.remove() }
        #expect(await owner.run("mesh", "credential", "--role", "member", "--ttl", "1h") == .usage)
        #expect(await owner.run("mesh", "credential", "--role", "guest", "--ttl", "1h", "--uses", "0") == .usage)
        #expect(await owner.run("mesh", "credential", "--role", "guest", "--ttl", "1h", "--uses", "3", "--json") == .ok)
        #expect(try member("join", of: owner.output.lines.last).hasPrefix("kinjoin1."))
        #expect(await owner.run("mesh", "credential", "--role", "machine", "--ttl", "30d", "--out", "join.txt") == .ok)
        let attributes = try FileManager.default.attributesOfItem(atPath: owner.home + "/join.txt")
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    }

    @Test("on terminals both sides show the same two numbers, and a no on either side changes nothing")
    func terminals() async throws {
        let (owner, kiosk) = (try await owner(), try Stage())
        defer { owner.remove(); kiosk.remove() }
        #expect(await kiosk.run("device", "request", "--by-hand", "--name", "kiosk") == .ok)
        let request = try #require(kiosk.output.lines.last)
        let refusing = owner.with(terminal: ScriptedTerminal(answers: [request, "no"]))
        #expect(await refusing.run("device", "approve") == .refused)
        #expect(owner.output.lines.last?.hasPrefix("kinapp1.") == false)
        let approving = owner.with(terminal: ScriptedTerminal(answers: [request, "yes"]))
        #expect(await approving.run("device", "approve") == .ok)
        let answer = try #require(owner.output.lines.last)
        let doubting = kiosk.with(terminal: ScriptedTerminal(answers: [answer, "n"]))
        #expect(await doubting.run("device", "request", "--by-hand") == .refused)
        #expect(await kiosk.run("wallet", "address") == .notFound)
        let trusting = kiosk.with(terminal: ScriptedTerminal(answers: [answer, "y"]))
        #expect(await trusting.run("device", "request", "--by-hand") == .ok)
        let numbers = { (stage: Stage) in
            Set(stage.errors.lines.filter { $0.hasPrefix("this machine") || $0.hasPrefix("the family") })
        }
        #expect(numbers(owner) == numbers(kiosk) && numbers(owner).count == 2)
    }
}
