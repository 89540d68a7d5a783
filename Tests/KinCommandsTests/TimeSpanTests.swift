import Testing

@testable import KinCommands

@Suite("Lengths of time as typed")
struct TimeSpanTests {
    @Test(
        "numbers with units add up",
        arguments: [
            ("500ms", 500), ("90s", 90_000), ("10m", 600_000), ("1h", 3_600_000), ("2d", 172_800_000),
            ("1w", 604_800_000),
            ("1h30m", 5_400_000),
        ] as [(String, Int64)])
    func units(text: String, milliseconds: Int64) { #expect(TimeSpan(text)?.milliseconds == milliseconds) }

    @Test(
        "anything else is refused",
        arguments: [
            "", "10", "m", "-1h", "1.5h", "1 h", "10x", "0s", "1h30", "99999999999999999999s", "9223372036854775807w",
            "１h",
        ])
    func refused(text: String) { #expect(TimeSpan(text) == nil) }

    @Test("a command says what a time looks like and ends with exit code 2")
    func said() async throws {
        let stage = try Stage()
        #expect(await stage.run("send", "studio", "hi", "--expires-in", "soon") == .usage)
        #expect(stage.errors.text.contains("as in 90s, 10m, 1h30m or 2d"))
    }
}
