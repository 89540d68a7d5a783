import Foundation
import KinDaemonAPI
import Testing

@testable import KinCommands

@Suite("Tables")
struct TableTests {
    private let table = Table(
        headings: ["NAME", "STATE", "VERSION"],
        rows: [
            [.init("laptop", .strong), .init("online", .good), "0.1.0"],
            [.init("kiosk", .strong), .init("offline", .dim), "-"],
        ])

    @Test("columns are as wide as their content, and nothing trails a line")
    func columns() {
        #expect(
            table.text(.plain) == """
                NAME    STATE    VERSION
                laptop  online   0.1.0
                kiosk   offline  -

                """)
    }

    @Test("colour does not move the columns")
    func colour() {
        let text = table.text(Style(isColoured: true))
        let line = text.split(separator: "\n")[1]
        #expect(line == "\u{1b}[1mlaptop\u{1b}[0m  \u{1b}[32monline\u{1b}[0m   0.1.0")
    }

    @Test("a table without rows is its headings")
    func empty() { #expect(Table(headings: ["NAME", "ROLE"], rows: []).text(.plain) == "NAME  ROLE\n") }

    @Test("a name that holds escape sequences cannot touch the terminal")
    func hostileName() {
        let table = Table(headings: ["NAME"], rows: [[.init("\u{1b}[2Jx\n")]])
        #expect(table.text(.plain) == "NAME\n␛[2Jx␊\n")
    }

    @Test("the settings of a mesh say who set them, and what the server makes of it")
    func settings() {
        let moments = Moments(now: 0, timeZone: .gmt)
        let set = MeshSettingsInfo.Setter(seq: 2, member: "01", name: "laptop", at: 1_795_255_392_000)
        let agreed = MeshSettingsInfo(concurrentPolicy: .preferOldest, set: set, server: .agrees)
        #expect(
            MeshSettingsTable(settings: agreed, moments: moments).table.text(.plain) == """
                SETTING            VALUE          SET BY  AT                   SERVER
                concurrent-policy  prefer_oldest  laptop  2026-11-21 10:03:12  agrees

                """)
        let alone = MeshSettingsInfo(concurrentPolicy: .preferNewest, set: nil, server: .notConnected)
        let line = MeshSettingsTable(settings: alone, moments: moments).table.text(.plain).split(separator: "\n")[1]
        #expect(line == "concurrent-policy  prefer_newest  default  -   not connected")
    }

    @Test("facts stand below each other")
    func facts() {
        let drawing = Drawing.facts([.init(name: "broker", value: "up"), .init(name: "inbox", value: "3 messages")])
        #expect(drawing.text(.plain) == "broker  up\ninbox   3 messages\n")
    }
}
