import KinTesting
import Testing

@Suite("kin device replace")
struct DeviceReplaceTests {
    @Test("a machine that was set up afresh takes the place of the one that is gone, by name or by member id")
    func replaces() throws {
        let folder = try TemporaryFolder()
        let ended = try Program.run(
            Program.tools + """
                for name in laptop studio new; do echo "$PHRASE" | at $name wallet import > /dev/null; done
                listening; up laptop; up studio
                until_true 20 online laptop 2; until_true 20 online studio 2
                at new device replace laptop 2> /dev/null; echo "without a daemon $?"
                at studio device replace laptop 2> /dev/null; echo "online $?"
                at studio device replace studio 2> /dev/null; echo "itself $?"
                gone=$(at laptop mesh members --json | grep -o '"member":"[^"]*","name":"laptop"' | cut -d'"' -f4)
                down laptop
                until_true 20 online studio 1
                up new; until_true 20 online new 2
                at new device replace nobody 2> /dev/null; echo "unknown name $?"
                echo "$PHRASE" | at new device replace $gone > /dev/null; echo "by id $?"
                names() { at studio devices | cut -d' ' -f1 | sort | tr '\\n' ' '; }
                taken() { [ "$(names)" = "NAME laptop studio " ]; }; until_true 20 taken
                down new; until_true 20 online studio 1
                echo "$PHRASE" | at studio device replace laptop; grep name studio/config.toml
                """, home: folder.path)
        #expect(
            ended.lines == [
                "without a daemon 3", "online 6", "itself 2", "unknown name 5", "by id 0",
                "laptop is revoked and replaced", "name = \"laptop\"",
            ], "\(ended.output) \(ended.errors)")
    }
}
