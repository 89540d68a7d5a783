import Foundation
import KinDaemonAPI
import Testing

@testable import KinCommands

@Suite("kin devices and kin peers")
struct DeviceTests {
    private let moments: Moments

    init() throws { moments = Moments(now: Stage.now, timeZone: try #require(TimeZone(identifier: "UTC"))) }

    private func device(
        _ name: String, online: Bool = true, servers: [String] = ["kin.example.org"], lastSeen: Int64? = nil,
        member: String? = "01J0", thisDevice: Bool = false
    ) -> DeviceInfo {
        DeviceInfo(
            name: name, machineID: "0123456789abcdef", member: member, role: "owner", online: online, servers: servers,
            lastSeen: lastSeen, version: online ? "0.1.0" : nil, thisDevice: thisDevice)
    }

    private var family: [DeviceInfo] {
        [
            device("kiosk", online: false, servers: [], lastSeen: Stage.now - 180_000),
            device("laptop", thisDevice: true), device("studio", servers: ["a.example", "b.example:7440"]),
            device("stranger", member: nil),
        ]
    }

    @Test("the table says who is there, where, and when the others were seen")
    func table() {
        #expect(
            DeviceTable.devices(family, moments).text(.plain) == """
                NAME      STATE        WHERE                      LAST SEEN  VERSION
                kiosk     offline      -                          3 min ago  -
                laptop    online       here                       now        0.1.0
                studio    online       a.example, b.example:7440  now        0.1.0
                stranger  uncertified  kin.example.org            now        0.1.0

                """)
    }

    @Test("an alias is shown with the name that others know")
    func alias() {
        var (desk, same) = (device("desk"), device("studio"))
        (desk.ownName, same.ownName) = ("macbook-pro-2", "studio")
        #expect(
            DeviceTable.devices([desk, same], moments).rows.map { $0[0].text } == ["desk (macbook-pro-2)", "studio"])
    }

    @Test("peers are shown with role and member id")
    func peers() {
        #expect(
            DeviceTable.peers([device("studio")], moments).text(.plain) == """
                NAME    STATE   ROLE   LAST SEEN  DOES  MEMBER
                studio  online  owner  now        -     01J0

                """)
    }

    @Test("who cannot be known to be there is not said to be, and what one that is away does is not told")
    func states() {
        var (unknown, outside, away) = (device("studio", lastSeen: Stage.now - 5000), device("kiosk"), device("phone"))
        (unknown.state, outside.state, away.state) = (.unknown, .notMember, .offline)
        (unknown.summary, away.summary) = ("reviewing", "reviewing")
        #expect(
            DeviceTable.peers([unknown, outside, away], moments).text(.plain) == """
                NAME    STATE      ROLE   LAST SEEN  DOES  MEMBER
                studio  unknown    owner  5 s ago    -     01J0
                kiosk   no member  owner  -          -     01J0
                phone   offline    owner  -          -     01J0

                """)
        away.state = .online
        #expect(DeviceTable.peers([away], moments).rows[0][4].text == "reviewing")
    }

    @Test("lists that follow each other in a file have their times between them, and none is the one before")
    func watchFile() throws {
        let stage = try Stage()
        let output = Output(form: .text, context: stage.context)
        var watch = DeviceWatch(title: "peers", table: DeviceTable.peers)
        var list = DeviceList(devices: [device("studio")])
        try watch.show(list, stage.context, output)
        // Of what the table does not have nobody sees a change.
        list.devices[0].servers = []
        list.devices[0].version = "0.2.0"
        try watch.show(list, stage.context, output)
        list.devices[0].state = .offline
        try watch.show(list, stage.context, output)
        #expect(stage.output.text.components(separatedBy: "NAME").count == 3)
        #expect(stage.output.text.components(separatedBy: "\n\n2026-11-21 10:03:12\nNAME").count == 2)
        #expect(stage.output.text.hasPrefix("2026-11-21 10:03:12\nNAME"))
    }

    @Test("news and silent servers go to standard error")
    func news() throws {
        let stage = try Stage()
        let list = DeviceList(devices: family, newNames: ["kiosk"], unreachable: ["https://x does not answer"])
        DevicesCommand.noteNews(list, Output(form: .text, context: stage.context))
        #expect(stage.errors.lines == ["new device \"kiosk\" joined your family", "https://x does not answer"])
        #expect(stage.output.text.isEmpty)
    }

    @Test("watching repeats the list only when it changed, apart from times")
    func watch() throws {
        let stage = try Stage()
        let output = Output(form: .json, context: stage.context)
        var watch = DeviceWatch(title: "devices", table: DeviceTable.devices)
        var list = DeviceList(devices: family)
        try watch.show(list, stage.context, output)
        list.devices[1].lastSeen = Stage.now
        try watch.show(list, stage.context, output)
        #expect(stage.output.lines.count == 1)
        list.devices[1].state = .offline
        try watch.show(list, stage.context, output)
        #expect(stage.output.lines.count == 2)
    }

    @Test("peers are watched as devices are, with what is told of peers")
    func watchPeers() throws {
        let stage = try Stage(output: RecordingStream(isTerminal: true), environment: ["NO_COLOR": "1"])
        var watch = DeviceWatch(title: "peers", table: DeviceTable.peers)
        try watch.show(DeviceList(devices: family), stage.context, Output(form: .text, context: stage.context))
        #expect(stage.output.lines.first?.hasSuffix("peers, until Control-C") == true)
        #expect(stage.output.lines.dropFirst().first?.hasPrefix("NAME") == true)
        #expect(stage.output.lines.dropFirst().first?.contains("ROLE") == true)
    }

    @Test("on a terminal it is drawn over itself every time")
    func watchTerminal() throws {
        let stage = try Stage(output: RecordingStream(isTerminal: true))
        let output = Output(form: .text, context: stage.context)
        var watch = DeviceWatch(title: "devices", table: DeviceTable.devices)
        for _ in 0..<2 { try watch.show(DeviceList(devices: family), stage.context, output) }
        #expect(stage.output.text.components(separatedBy: "\u{1b}[H\u{1b}[2J").count == 3)
    }
}
