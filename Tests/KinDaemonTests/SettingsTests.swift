import Foundation
import KinDaemon
import KinIdentity
import KinMailbox
import KinTesting
import KinWire
import Testing

@Suite struct SettingsTests {
    private let folder: TemporaryFolder
    private let state: StateFolder

    init() throws {
        folder = try TemporaryFolder()
        state = StateFolder(root: folder.path)
    }

    private func read(_ text: String) throws -> DaemonSettings {
        try Data(text.utf8).write(to: URL(fileURLWithPath: state.configPath))
        return try DaemonSettings(reading: state)
    }

    private func refusal(_ text: String) -> KinError? {
        let error = #expect(throws: KinError.self) { _ = try read(text) }
        #expect(error?.code == "config_invalid" && error?.category == .usage)
        #expect(error?.message.contains(state.configPath) == true)
        return error
    }

    @Test("no file is no settings, and what is written is read")
    func roundTrip() throws {
        #expect(try DaemonSettings(reading: state) == DaemonSettings())
        let settings = DaemonSettings(
            name: DeviceName("laptop"), servers: ["https://a.example", "http://127.0.0.1:7440"])
        try settings.write(to: state)
        #expect(try DaemonSettings(reading: state) == settings)
    }

    @Test("people may write it with comments, in any order")
    func byHand() throws {
        let settings = try read("# mine\nservers = [\n  'https://a.example', # first\n]\n\nname = \"laptop\"\n")
        #expect(settings == DaemonSettings(name: DeviceName("laptop"), servers: ["https://a.example"]))
    }

    @Test("what a person wrote stays where it is when name and servers change")
    func comments() throws {
        var settings = try read(
            "# mine\nname = \"old\" # here\nservers = [\n  'https://a.example', # first\n]\n# below\n[vault]\nautolock_minutes = 5\n"
        )
        settings.name = DeviceName("new")
        settings.servers = ["https://b.example", "https://c.example"]
        try settings.write(to: state)
        #expect(try DaemonSettings(reading: state) == settings)
        let text = String(decoding: try StateFolder.read(state.configPath) ?? [], as: UTF8.self)
        #expect(
            text
                == "# mine\nname = \"new\"\nservers = [\"https://b.example\", \"https://c.example\"]\n# below\n[vault]\nautolock_minutes = 5\n"
        )
        settings.name = nil
        try settings.write(to: state)
        #expect(try DaemonSettings(reading: state).name == nil)
    }

    @Test("a file with CRLF keeps its other settings and its line ends")
    func crlf() throws {
        let rest = "# mine\r\n[clone]\r\npolicy = \"allow\"\r\n[vault]\r\nautolock_minutes = 1\r\n"
        var settings = try read("name = \"old\"\r\n" + rest)
        settings.name = DeviceName("new")
        try settings.write(to: state)
        let again = try DaemonSettings(reading: state)
        #expect(again == settings && again.clonePolicy == .allow && again.vault.autolockMinutes == 1)
        let text = String(decoding: try StateFolder.read(state.configPath) ?? [], as: UTF8.self)
        #expect(text.utf8.elementsEqual(("name = \"new\"\n" + rest).utf8))
    }

    @Test("the vault's limits are settings")
    func vault() throws {
        let settings = try read("[vault]\nautolock_minutes = 0\ncache_entries = 3\n")
        #expect(settings.vault.limits.idle == nil && settings.vault.limits.cacheCapacity == 3)
        #expect(try read("").vault.limits.idle == 900_000)
        #expect(refusal("[vault]\nautolock_minutes = -1\n")?.message.contains("line 2") == true)
        #expect(refusal("[vault]\nautolock = 1\n")?.message.contains("nearest is autolock_minutes") == true)
    }

    @Test("what may wait, how long messages are kept, and whether they can be searched are settings")
    func mailboxes() throws {
        let usual = try read("")
        #expect(usual.outbox.age == OutboxAge() && usual.outbox.maxBytes == OutboxUsage.defaultLimit)
        #expect(usual.inbox.maxAgeDays == 30 && !usual.inbox.isIndexed)
        var settings = try read(
            "[outbox]\nmax_age_hours = 200\nmax_bytes = 16777216\naccept_duplicates_after_window = true\n"
                + "[inbox]\nmax_age_days = 7\n[capabilities]\ninbox_fts = true\n")
        #expect(settings.outbox.age == OutboxAge(configuredHours: 200, acceptsDuplicates: true))
        #expect(settings.outbox.maxBytes == 16_777_216 && settings.inbox.maxAgeDays == 7 && settings.inbox.isIndexed)
        #expect(settings.outbox.refusal(window: 24) == nil)
        settings.name = DeviceName("laptop")
        try settings.write(to: state)
        #expect(try DaemonSettings(reading: state) == settings)
        let careful = try read("\n[outbox]\nmax_age_hours = 25\n")
        #expect(careful.outbox.refusal(window: 24)?.message.contains("line 3") == true)
        #expect(careful.outbox.refusal(window: 25) == nil && careful.outbox.refusal(window: nil) == nil)
    }

    @Test(
        "mailbox settings out of bounds are refused with their line",
        arguments: [
            "[outbox]\nmax_age_hours = 0", "[outbox]\nmax_age_hours = 361", "[outbox]\nmax_bytes = 1000",
            "[outbox]\naccept_duplicates_after_window = 1", "[outbox]\nmax_age = 5", "[inbox]\nmax_age_days = 0",
            "[capabilities]\ninbox_fts = \"yes\"", "[capabilities]\ninbox = true",
        ])
    func wrongMailboxes(text: String) { #expect(refusal(text)?.message.contains("line 2: ") == true) }

    @Test(
        "an unknown key names its line and the nearest known key",
        arguments: [
            ("nmae = \"laptop\"\n", 1, "nmae", "name"),
            ("name = \"laptop\"\nserver = \"https://a.example\"\n", 2, "server", "servers"),
            ("servers = []\n# a comment\nserver = \"x\"\n", 3, "server", "servers"),
            ("names = 1\n", 1, "names", "name"), ("name = \"a\"\n\n[servrs]\nx = 1\n", 3, "servrs", "servers"),
            ("servers = []\n  \"serve\" = 1\n", 2, "serve", "servers"),
        ])
    func unknownKey(_ text: String, _ line: Int, _ key: String, _ nearest: String) {
        let error = refusal(text)
        #expect(error?.message.hasSuffix("line \(line): \(key) is no setting; the nearest is \(nearest)") == true)
    }

    @Test(
        "a value of the wrong kind names its line",
        arguments: [
            ("name = 5\n", 1), ("servers = []\nname = \"Not A Name\"\n", 2), ("name = \"all\"\n", 1),
            ("\nservers = \"https://a.example\"\n", 2), ("servers = [1]\n", 1),
        ])
    func wrongValue(_ text: String, _ line: Int) {
        #expect(refusal(text)?.message.contains("line \(line): ") == true)
    }

    @Test("what is no TOML names the line where it ends to be")
    func noTOML() {
        #expect(refusal("name = \"a\"\nservers = [\n\"x\"\n")?.message.contains("line ") == true)
        #expect(refusal("name = \"a\"\nname = \"b\"\n")?.message.contains("line 2: ") == true)
    }

    @Test("the clone policy is read, kept, and refuse unless said")
    func clonePolicy() throws {
        #expect(try read("name = 'laptop'").clonePolicy == .refuse)
        #expect(try read("[clone]\n").clonePolicy == .refuse)
        for policy in ClonePolicy.allCases {
            let settings = try read("name = 'laptop'\n[clone]\npolicy = '\(policy.rawValue)'\n")
            #expect(settings.clonePolicy == policy)
            try settings.write(to: state)
            #expect(try DaemonSettings(reading: state) == settings)
        }
    }

    @Test(
        "a wrong clone policy is refused with its line",
        arguments: [
            ("[clone]\npolicy = 'maybe'", "line 2"), ("[clone]\npolicy = true", "line 2"), ("clone = 'warn'", "line 1"),
            ("[clone]\n\npolice = 'warn'", "line 3: police is no setting of [clone]; the nearest is policy"),
        ])
    func wrongClonePolicy(text: String, told: String) throws {
        #expect(refusal(text)?.message.contains(told) == true)
    }
}
