import Foundation
import KinEncoding
import KinIdentity
import KinTestServer
import KinWire
import Testing

@testable import KinCommands

/// The commands at both ends of a real room, in two real homes.
@Suite("Pairing on the command line")
struct PairingCommandTests {
    /// Another phrase of the published vectors (BIP39).
    private static let othersPhrase = Array(repeating: "zoo", count: 23).joined(separator: " ") + " vote"

    private static func running(_ body: (String) async throws -> Void) async throws {
        let server = try await TestServer.start(data: "/proc/none/kindred", relayOnly: true)
        do {
            try await body(server.url)
            try await server.stop()
        } catch {
            try? await server.stop()
            throw error
        }
    }

    private static func owner(_ phrase: String = Stage.phrase) async throws -> Stage {
        let stage = try Stage(terminal: ScriptedTerminal(piped: phrase))
        try #require(await stage.run("wallet", "import") == .ok)
        return stage
    }

    /// What a command says once it shows a code.
    private static func shown(_ stage: Stage, after count: Int = 0) async throws -> String {
        try await eventually("a code is shown") { stage.output.lines.dropFirst(count).first }
    }

    private static func member(_ name: String, of line: String?) throws -> String {
        guard case .object(let members) = try JSON.parse(Array((line ?? "").utf8)),
            case .string(let text)? = members[name]
        else { throw CocoaError(.fileReadCorruptFile) }
        return text
    }

    private static func numbers(_ stage: Stage) -> [String] {
        stage.errors.lines.filter { $0.wholeMatch(of: /(\u{1b}\[1m)?number  [0-9a-f ]{19}(\u{1b}\[0m)?/) != nil }
            .map { $0.replacing(/\u{1b}\[\d+m/, with: "") }
    }

    private static func yes(_ stage: Stage, code: String = "") -> Stage {
        stage.with(terminal: ScriptedTerminal(answering: { $0.hasPrefix("the code") ? code : " Y \n" }))
    }

    /// A person who has nothing to say before the gate opens.
    private static func sitting(_ gate: DispatchSemaphore, code: String = "") -> ScriptedTerminal {
        ScriptedTerminal(answering: { prompt in
            if prompt.hasPrefix("the code") { return code }
            gate.wait()
            return "y"
        })
    }

    private static func keys(of stage: Stage) -> [String] {
        let found = FileManager.default.enumerator(atPath: stage.home)?.allObjects as? [String] ?? []
        return found.filter { $0.hasSuffix(".json") && $0 != "device.json" }
    }

    @Test("on two terminals: a code and its QR code, one number on both, a yes on both, one line on both")
    func terminals() async throws {
        try await Self.running { url in
            let owner = try await Self.owner()
            let kiosk = try Stage(errors: RecordingStream(isTerminal: true))
            defer { owner.remove(); kiosk.remove() }
            let lines = owner.output.lines.count
            let asking = Task {
                await Self.yes(kiosk).run("device", "request", "--name", "kiosk", "--server", url)
            }
            let code = try await Self.shown(kiosk)
            #expect(try PairingCode(text: code).server == url)
            let approving = Self.yes(owner, code: code)
            #expect(await approving.run("device", "approve", "--role", "machine", "--ttl", "30d") == .ok)
            #expect(await asking.value == .ok)
            #expect(Self.numbers(owner) == Self.numbers(kiosk) && Self.numbers(owner).count == 1)
            #expect(owner.output.lines.count == lines + 1 && kiosk.output.lines.count == 2)
            #expect(owner.output.lines.last?.hasPrefix("“kiosk” (") == true)
            #expect(kiosk.output.lines.last?.hasSuffix("next:  kin up --name kiosk") == true)
            #expect(kiosk.errors.text.contains("\u{1b}[38;5;231;48;5;16m█"), "the QR code")
            for stage in [owner, kiosk] {
                #expect(stage.errors.text.contains("machine, until 2026-12-21 10:03:12"))
                #expect(!stage.errors.text.contains(code), "the code is on the screen of who shows it alone, once")
            }
            #expect(await kiosk.run("wallet", "address") == .ok)
            #expect(await owner.run("wallet", "address") == .ok)
            #expect(kiosk.output.lines.last == owner.output.lines.last)
        }
    }

    @Test("without a terminal: family and machine are named in advance, and both ends print JSON")
    func scripted() async throws {
        try await Self.running { url in
            let (owner, kiosk) = (try await Self.owner(), try Stage())
            defer { owner.remove(); kiosk.remove() }
            #expect(await owner.run("wallet", "address") == .ok)
            let family = try #require(owner.output.lines.last)
            let asking = Task {
                await kiosk.run("device", "request", "--server", url, "--family", family, "--json")
            }
            let first = try await Self.shown(kiosk)
            let code = try Self.member("code", of: first)
            let number = try Self.member("safety_number", of: first).replacing(" ", with: "-")
            let approving = owner.with(terminal: ScriptedTerminal(piped: code + "\n"))
            #expect(await approving.run("device", "approve", "-", "--safety-number", number, "--json") == .ok)
            #expect(await asking.value == .ok)
            let (mine, theirs) = (owner.output.lines.last, kiosk.output.lines.last)
            #expect(try Self.member("member", of: mine) == Self.member("member", of: theirs))
            #expect(try Self.member("address", of: theirs) == family)
            #expect(try Self.member("pairing_number", of: mine).wholeMatch(of: /[0-9a-f ]{19}/) != nil)
            #expect(!owner.errors.text.contains(code) && !kiosk.errors.text.contains(code))
        }
    }

    @Test("a number that was given and is another's, or a family that is another one, ends it on both sides")
    func wrongNames() async throws {
        try await Self.running { url in
            let (owner, kiosk) = (try await Self.owner(), try Stage())
            defer { owner.remove(); kiosk.remove() }
            let asking = Task { await Self.yes(kiosk).run("device", "request", "--server", url) }
            let piped = owner.with(terminal: ScriptedTerminal(piped: try await Self.shown(kiosk)))
            let number = Array(repeating: "00000", count: 6).joined(separator: " ")
            #expect(await piped.run("device", "approve", "-", "--safety-number", number) == .refused)
            #expect(await asking.value == .refused)
            #expect(kiosk.errors.lines.last?.contains("safety_numbers_differ") == true)
            #expect(Self.keys(of: kiosk) == [])
            let other = try Stage()
            defer { other.remove() }
            let asked = Task { await other.run("device", "request", "--server", url, "--family", "elsewhere") }
            let code = try await Self.shown(other)
            #expect(await Self.yes(owner, code: code).run("device", "approve") == .refused)
            #expect(await asked.value == .refused)
            #expect(Self.keys(of: other) == [])
        }
    }

    @Test("a no on either side ends the other's question at once, and leaves nothing", arguments: [false, true])
    func no(byOwner: Bool) async throws {
        try await Self.running { url in
            let (owner, kiosk) = (try await Self.owner(), try Stage())
            defer { owner.remove(); kiosk.remove() }
            // Who does not say no sits and looks.
            let gate = DispatchSemaphore(value: 0)
            defer { gate.signal() }
            let asker = byOwner ? Self.sitting(gate) : ScriptedTerminal(answering: { _ in "N" })
            let asking = Task { await kiosk.with(terminal: asker).run("device", "request", "--server", url) }
            let code = try await Self.shown(kiosk)
            let granter = byOwner ? ScriptedTerminal(answers: [code, ""]) : Self.sitting(gate, code: code)
            #expect(await owner.with(terminal: granter).run("device", "approve") == .refused)
            #expect(await asking.value == .refused)
            #expect(Self.keys(of: kiosk) == [])
            #expect(await kiosk.run("wallet", "address") == .notFound)
        }
    }

    @Test("a machine whose id is a device's already is approved only where that is said")
    func known() async throws {
        try await Self.running { url in
            let (owner, clone) = (try await Self.owner(), try Stage())
            defer { owner.remove(); clone.remove() }
            try FileManager.default.createDirectory(
                atPath: clone.home, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try FileManager.default.copyItem(atPath: owner.home + "/device.json", toPath: clone.home + "/device.json")
            let asking = Task { await Self.yes(clone).run("device", "request", "--server", url) }
            let code = try await Self.shown(clone)
            #expect(await Self.yes(owner, code: code).run("device", "approve") == .conflict)
            #expect(await asking.value == .refused)
            let again = Task { await Self.yes(clone).run("device", "request", "--server", url) }
            let next = try await Self.shown(clone, after: 1)
            #expect(await Self.yes(owner, code: next).run("device", "approve", "--again") == .ok)
            #expect(await again.value == .ok)
        }
    }

    @Test("an invited device of another wallet becomes a guest beside its own family, for 30 days")
    func invitation() async throws {
        try await Self.running { url in
            let (owner, friend) = (try await Self.owner(), try await Self.owner(Self.othersPhrase))
            defer { owner.remove(); friend.remove() }
            let lines = owner.output.lines.count
            let inviting = Task { await Self.yes(owner).run("mesh", "invite", "--server", url) }
            let code = try await Self.shown(owner, after: lines)
            let joining = Self.yes(friend, code: code)
            #expect(await joining.run("mesh", "join", "--name", "visitor", "--json") == .ok)
            #expect(await inviting.value == .ok)
            #expect(Self.numbers(owner) == Self.numbers(friend) && Self.numbers(owner).count == 1)
            let mesh = try Self.member("mesh", of: friend.output.lines.last)
            #expect(try Self.member("role", of: friend.output.lines.last) == "guest")
            let place = StateFolder(root: friend.home, mesh: try #require(MeshFolder(mesh)))
            #expect(StateFolder(root: friend.home).meshes() == [.home, place.mesh])
            let guest = try Installation(place)
            #expect(guest.chain.certificate.expiresAt == Stage.now + 30 * 86_400_000)
            #expect(guest.wallet.recordKey == nil && guest.issuer == nil)
            #expect(owner.output.lines.last?.contains("“visitor” (") == true)
            // Once more: it is a member, and says so before anybody is asked.
            let repeated = Task { await Self.yes(owner).run("mesh", "invite", "--server", url) }
            let next = try await Self.shown(owner, after: lines + 2)
            #expect(await Self.yes(friend, code: next).run("mesh", "join") == .conflict)
            #expect(await repeated.value == .refused)
        }
    }

    @Test("a code entered at the wrong command is said to be for another")
    func wrongCommand() async throws {
        try await Self.running { url in
            let (owner, friend) = (try await Self.owner(), try await Self.owner(Self.othersPhrase))
            defer { owner.remove(); friend.remove() }
            let lines = owner.output.lines.count
            let inviting = Task { await Self.yes(owner).run("mesh", "invite", "--server", url) }
            let code = try await Self.shown(owner, after: lines)
            #expect(await Self.yes(friend, code: code).run("device", "approve") == .conflict)
            #expect([CommandStatus.conflict, .refused].contains(await inviting.value))
            #expect(friend.errors.text.contains("kin mesh join"))
        }
    }

    @Test("what cannot come about is said before a code is shown or anybody asked")
    func before() async throws {
        let (owner, kiosk) = (try await Self.owner(), try Stage())
        defer { owner.remove(); kiosk.remove() }
        let person = Self.yes(kiosk)
        #expect(await kiosk.run("device", "request", "--server", "http://127.0.0.1:1") == .usage, "nobody can be asked")
        #expect(kiosk.errors.lines.last?.contains("--family") == true)
        #expect(await person.run("device", "request") == .usage, "no server")
        #expect(await person.run("device", "request", "--server", "http://kin.example.org") == .usage)
        #expect(await person.run("device", "request", "--server", "http://127.0.0.1:1") == .unreachable)
        #expect(await person.run("device", "request", "--by-hand", "--server", "http://127.0.0.1:1") == .usage)
        #expect(kiosk.output.lines == [])
        #expect(await person.run("device", "approve") == .notFound, "no wallet")
        #expect(await person.run("mesh", "invite", "--server", "http://127.0.0.1:1") == .notFound)
        #expect(await Self.yes(owner).run("device", "request", "--server", "http://127.0.0.1:1") == .conflict)
        #expect(await owner.run("mesh", "invite", "--server", "http://127.0.0.1:1") == .usage, "nobody can be asked")
        #expect(owner.errors.lines.last?.contains("kin mesh credential") == true)
        #expect(await Self.yes(owner).run("mesh", "invite", "--role", "member") == .usage)
        #expect(await Self.yes(owner, code: "nonsense").run("device", "approve") == .usage)
        #expect(await Self.yes(owner).run("device", "approve", "--role", "owner") == .refused)
        #expect(await owner.run("device", "approve", "-", "--safety-number", "1234-5678-9abc-def0") == .usage)
        #expect(owner.errors.lines.last?.contains("30 digits") == true)
    }

    @Test("a code as an argument: join refuses it, approve takes it and says who else saw it; neither repeats it")
    func arguments() async throws {
        let owner = try await Self.owner()
        defer { owner.remove() }
        let code = try PairingCode(server: "http://127.0.0.1:1", token: [UInt8](repeating: 7, count: 16)).text
        #expect(await Self.yes(owner).run("mesh", "join", code) == .usage)
        #expect(await Self.yes(owner).run("device", "approve", code) == .unreachable)
        #expect(owner.errors.text.contains("visible to every user"))
        #expect(!owner.errors.text.contains(code) && !owner.errors.text.contains("07070707"))
    }

    @Test("a question that is not waited for any more ends, whoever answers later")
    func aside() async throws {
        let gate = DispatchSemaphore(value: 0)
        var stage = try Stage()
        stage.context.terminal = Self.sitting(gate)
        let context = stage.context
        let asking = Task { try await context.askAside("well? ") }
        asking.cancel()
        await #expect(throws: CancellationError.self) { try await asking.value }
        gate.signal()
        let calm = stage.with(terminal: ScriptedTerminal(answers: ["yes"])).context
        #expect(try await calm.askAside("well? ") == "yes")
        await #expect(throws: KinError.self) { try await calm.askAside("again? ") }
    }
}

/// The program itself, with a server and daemons.
@Suite("Pairing with the kin program")
struct PairingProgramTests {
    @Test("a machine pairs without a terminal, starts, and is online on the owner's list")
    func whole() throws {
        let stage = try Stage()
        defer { stage.remove() }
        try FileManager.default.createDirectory(
            atPath: stage.home, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let ended = try Program.run(
            Program.tools + """
                listening
                echo "$PHRASE" | at owner wallet import >/dev/null
                family=$(at owner wallet address)
                mkfifo shown
                at kiosk device request --name kiosk --server http://127.0.0.1:$port --family "$family" --json > shown 2>kiosk.err &
                exec 3< shown; read -r line <&3
                code=$(echo "$line" | sed 's/.*"code":"\\([^"]*\\)".*/\\1/')
                number=$(echo "$line" | sed 's/.*"safety_number":"\\([^"]*\\)".*/\\1/')
                echo "$code" | at owner device approve - --safety-number "$number"; echo "approve $?"
                read -r line <&3; echo "$line" | grep -o '"role":"member"'
                up owner; up kiosk
                until_true 20 online owner 2 && echo both
                grep -c "$code" kiosk.err server.log owner.log kiosk.log
                """, home: stage.home)
        #expect(ended.lines.first?.hasPrefix("“kiosk” (") == true, "\(ended)")
        #expect(
            Array(ended.lines.dropFirst()) == [
                "approve 0", "\"role\":\"member\"", "both", "kiosk.err:0", "server.log:0", "owner.log:0", "kiosk.log:0",
            ], "\(ended)")
    }
}
