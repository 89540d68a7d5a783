import KinTesting
import Testing

/// Two daemons of one device, the second from a copy of its folder, as processes: how each policy ends them.
@Suite("A home and its copy")
struct CopiedHomeTests {
    /// `wins POLICY` starts a server and the home's daemon, and lets that policy hold; `agrees NAME` asks whether it is there;
    /// `code NAME` waits for the end of a daemon and says how it ended.
    private static let tools =
        Program.tools + """
            agrees() { at $1 mesh set --json 2>/dev/null | grep -q '"server":"agrees"'; }
            code() { code=0; wait $(cat $1.pid) || code=$?; rm $1.pid; echo "$1 $code"; }
            stops() { kill $(cat $1.pid); code $1; }
            audit() { grep -o '"outcome":"[a-z]*"' server.log; }
            wins() {
              listening; up home; until_true 20 agrees home; at home mesh set concurrent-policy $1 > /dev/null
            }
            echo "$PHRASE" | at home wallet import > /dev/null; cp -Rp home copy

            """

    private func lines(_ script: String) throws -> [String] {
        let folder = try TemporaryFolder()
        return try Program.run(Self.tools + script, home: folder.path).lines
    }

    @Test("prefer_newest: the older one ends with exit code 4 and says why")
    func newest() throws {
        let lines = try lines(
            """
            wins prefer_newest
            up copy; code home; grep -c 'took over' home.log; stops copy; audit
            """)
        #expect(lines == ["home 4", "1", "copy 0", #""outcome":"replaced""#])
    }

    @Test("prefer_oldest: the newer one ends with exit code 4 and says why; after a crash it comes in at once")
    func oldest() throws {
        let lines = try lines(
            """
            wins prefer_oldest
            up copy; code copy; grep -c 'prefers the older' copy.log
            kill -9 $(cat home.pid); code home
            up copy; until_true 4 agrees copy; stops copy; audit
            """)
        #expect(lines == ["copy 4", "1", "home 137", "copy 0", #""outcome":"refused""#])
    }

    @Test("prefer_oldest: one that hangs makes room after five seconds, and ends when it wakes")
    func hanging() throws {
        let lines = try lines(
            """
            wins prefer_oldest
            kill -STOP $(cat home.pid); up copy; until_true 20 agrees copy
            kill -CONT $(cat home.pid); code home; stops copy; audit
            """)
        #expect(lines == ["home 4", "copy 0", #""outcome":"silent""#])
    }

    @Test("allow_concurrent: both stay until they are ended")
    func both() throws {
        let lines = try lines(
            """
            wins allow_concurrent
            up copy; until_true 20 agrees copy; at home mesh set | tail -1 | cut -d' ' -f3
            stops home; stops copy; audit
            """)
        #expect(lines == ["allow_concurrent", "home 0", "copy 0", #""outcome":"both""#])
    }
}
