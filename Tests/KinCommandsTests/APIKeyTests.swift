import Foundation
import KinEncoding
import KinIdentity
import KinServer
import KinTesting
import Testing

@testable import KinCommands

@Suite("kin apikey")
struct APIKeyTests {
    private static let member = "01K0M5T0V4Q6J8Z2X3C5B7N9RA"
    private static let mesh = "home@9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin"

    /// A home with the data folder of a server.
    private func stage() throws -> Stage {
        let stage = try Stage()
        try StateFolder.prepareFolder(stage.home + "/server")
        return stage
    }

    private func make(_ stage: Stage, _ arguments: String...) async -> CommandStatus {
        await KinCommand.execute(
            ["apikey", "new", "--member", Self.member, "--mesh", Self.mesh] + arguments, in: stage.context)
    }

    @Test("new prints the key alone, once, and the id beside it")
    func new() async throws {
        let stage = try stage()
        defer { stage.remove() }
        #expect(await make(stage, "--description", "robot", "--ttl", "90d") == .ok)
        #expect(stage.output.lines.count == 1)
        let key = try #require(APIKey(stage.output.lines[0]))
        let keys = try ServerAPIKeys(data: stage.home + "/server")
        defer { keys.close() }
        let record = try #require(try keys.all().first)
        #expect(record.hash == key.hash)
        #expect(record.scopes == [.send])
        #expect(record.description == "robot")
        #expect(record.expiresAt == Stage.now + 90 * 86_400_000)
        #expect(record.member?.member.description == Self.member)
        #expect(stage.errors.text.contains(record.id.description))
        #expect(await stage.run("apikey", "list") == .ok)
        #expect(!stage.output.lines.dropFirst().contains { $0.contains("kin_") })
    }

    @Test("list and revoke tell the state, for people and programs; revoking again changes nothing")
    func life() async throws {
        let stage = try stage()
        defer { stage.remove() }
        #expect(await stage.run("apikey", "list") == .ok)
        #expect(stage.output.text.isEmpty)
        #expect(await make(stage, "--json") == .ok)
        let made = try Vectors.parse(stage.output.lines.last)
        #expect(APIKey(made["key"].text) != nil)
        let id = made["record"]["id"].text
        #expect(made["record"]["state"] == .string("active"))
        #expect(made["record"]["mesh"] == .string(Self.mesh))
        for _ in 0..<2 { #expect(await stage.run("apikey", "revoke", id) == .ok) }
        #expect(await stage.run("apikey", "list") == .ok)
        #expect(stage.output.text.contains("revoked"))
        #expect(await stage.run("apikey", "list", "--json") == .ok)
        let listed = try Vectors.parse(stage.output.lines.last)["keys"].elements
        #expect(listed.map { $0["state"] } == [.string("revoked")])
        #expect(listed[0]["revoked_at"] == .integer(Stage.now))
    }

    @Test("what is missing or wrong is said, and a key that was typed for its id is not repeated")
    func wrong() async throws {
        let stage = try stage()
        defer { stage.remove() }
        let cases: [([String], CommandStatus, String)] = [
            (["new"], .usage, "scope_required"), (["new", "--scope", "send"], .usage, "member_required"),
            (["new", "--scope", "root"], .usage, "scope_unknown"),
            (["new", "--member", "me"], .usage, "member_invalid"),
            (["new", "--member", Self.member], .notFound, "member_unknown"),
            (["new", "--member", Self.member, "--mesh", "home"], .usage, "mesh_invalid"),
            (["revoke", Self.member], .notFound, "api_key_unknown"),
            (["revoke", "kin_" + String(repeating: "a", count: 32)], .usage, "key_id_invalid"),
            (["list", "--data", stage.home + "/nowhere"], .notFound, "no_server_data"),
        ]
        for (arguments, status, code) in cases {
            #expect(await KinCommand.execute(["apikey"] + arguments + ["--json"], in: stage.context) == status)
            #expect(stage.errors.lines.last?.contains("\"\(code)\"") == true, "\(code)")
        }
        #expect(!stage.errors.text.contains("aaaa"))
        #expect(await stage.run("apikey", "new", "--scope", "mesh:create", "--ttl", "soon") == .usage)
    }
}
