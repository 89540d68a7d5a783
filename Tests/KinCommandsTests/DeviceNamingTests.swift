import KinTesting
import Testing

@testable import KinCommands

@Suite("kin device rename, alias and forget")
struct DeviceNamingTests {
    @Test("devices are called as was said, by the commands that a user types")
    func program() throws {
        let folder = try TemporaryFolder()
        let ended = try Program.run(
            Program.tools
                + """
                for name in laptop studio; do echo "$PHRASE" | at $name wallet import > /dev/null; done
                listening; up laptop
                at laptop device alias studio desk 2> /dev/null; echo "unknown $?"
                up studio; until_true 20 online laptop 2
                at studio device rename workshop
                at laptop device rename Workshop 2> /dev/null; echo "no name $?"
                until_true 20 listed workshop
                at laptop device alias workshop desk
                at laptop devices | tail -n +2 | cut -c1-15
                at laptop send desk "hello" --wait delivered > /dev/null; echo "sent $?"
                at laptop device alias desk 2> /dev/null; echo "nothing said $?"
                at laptop device forget desk 2> /dev/null; echo "online $?"
                down studio; until_true 30 at laptop device forget desk 2> /dev/null
                at laptop devices --json | grep -o '"name":"[a-z]*"'
                at laptop device alias laptop me 2> /dev/null; echo "itself $?"
                down laptop; at laptop device rename attic 2> /dev/null; echo "no daemon $?"
                """.replacingOccurrences(of: "listening; up", with: Self.listed + "listening; up"), home: folder.path)
        #expect(
            ended.lines == [
                "unknown 5", "this device is workshop", "no name 2", "workshop is desk here", "desk (workshop)",
                "laptop         ", "sent 0", "nothing said 2", "online 6", "desk is forgotten", #""name":"laptop""#,
                "itself 2", "no daemon 3",
            ], "\(ended.output) \(ended.errors)")
    }

    private static let listed = #"listed() { at laptop devices | grep -q "^$1"; }; "#
}
