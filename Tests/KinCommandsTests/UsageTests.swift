import KinEncoding
import Testing

@testable import KinCommands

@Suite("Wrong command lines")
struct UsageTests {
    @Test(
        "they end with exit code 2, a reason and the usage on standard error",
        arguments: [
            ["send"], ["send", "studio", "hi", "--priority", "urgent"], ["frobnicate"], ["up", "--nam", "x"],
            ["inbox", "--limit", "0"], ["send", "studio", "hi", "--meta", "[1]"],
            ["send", "studio", "hi", "--id", "a b"],
            ["serve", "--tls-cert", "x"], ["serve", "--open", "--wallet", "x"], ["completions", "tcsh"],
            ["demo", "--kills", "-1"],
            ["serve", "--log-level", "loud"], ["mesh", "set", "colour"], ["mesh", "set", "concurrent-policy"],
            ["mesh", "set", "concurrent-policy", "prefer_both"],
        ])
    func usage(arguments: [String]) async throws {
        let stage = try Stage()
        #expect(await KinCommand.execute(arguments, in: stage.context) == .usage)
        #expect(stage.output.text.isEmpty)
        #expect(stage.errors.text.hasPrefix("kin: "))
        #expect(stage.errors.text.contains("Usage: kin") || stage.errors.text.contains("See 'kin"))
    }

    @Test("with --json the reason is JSON, in one line")
    func json() async throws {
        let stage = try Stage()
        #expect(await stage.run("send", "--json") == .usage)
        #expect(stage.errors.lines.count == 1)
        let line = try #require(stage.errors.lines.first)
        guard case .object(let body) = try JSON.parse(Array(line.utf8)), case .object(let error)? = body["error"] else {
            Issue.record("not an error object: \(line)")
            return
        }
        #expect(error["code"] == .string("usage"))
        #expect(error["message"] == .string("Missing expected argument '<to>'"))
    }

    @Test(
        "a setting or value that is not known is answered with those that are",
        arguments: [
            (["colour"], "concurrent-policy"),
            (["concurrent-policy"], "prefer_newest, prefer_oldest, allow_concurrent"),
            (["concurrent-policy", "both\u{1b}[2J"], "prefer_newest, prefer_oldest, allow_concurrent"),
        ])
    func settings(arguments: [String], known: String) async throws {
        let stage = try Stage()
        #expect(await KinCommand.execute(["mesh", "set"] + arguments, in: stage.context) == .usage)
        #expect(stage.errors.text.contains(known))
        #expect(!stage.errors.text.contains("\u{1b}"))
    }

    @Test("a --json behind -- is a message, not a wish")
    func behindDashes() async throws {
        let stage = try Stage()
        #expect(await stage.run("send", "studio", "--", "--json") == .notFound)
        #expect(stage.errors.text.hasPrefix("kin: no wallet"))
    }

    @Test(
        "what the parser cannot know is checked before anything is started",
        arguments: [
            (["up", "--name", "Studio!"], "name_invalid"), (["serve", "--listen", "7440"], "listen_invalid"),
            (["serve", "--wallet", "me"], "wallet_invalid"),
        ])
    func checked(arguments: [String], code: String) async throws {
        let stage = try Stage()
        defer { stage.remove() }
        #expect(await KinCommand.execute(arguments + ["--json"], in: stage.context) == .usage)
        #expect(stage.errors.text.contains("\"\(code)\""))
    }

    @Test("without a command there is help")
    func help() async throws {
        let stage = try Stage()
        #expect(await KinCommand.execute([], in: stage.context) == .ok)
        #expect(stage.output.text.contains("kin wallet new"))
    }
}
