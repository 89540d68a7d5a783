import Foundation
import Testing

@testable import KinCommands

/// The program itself, whose inbox is damaged, and who is killed while it is filled again.
@Suite("The kin program with a damaged inbox")
struct InboxRefillProgramTests {
    @Test("killed in the middle of it, the next start goes on, and everything is back once, in its order")
    func killed() throws {
        let stage = try Stage()
        defer { stage.remove() }
        try FileManager.default.createDirectory(atPath: stage.home, withIntermediateDirectories: true)
        let ended = try Program.run(
            Program.tools + """
                for name in laptop studio; do
                  mkdir $name; echo "$PHRASE" | at $name wallet import > /dev/null
                done
                listening; up laptop; up studio
                until_true 20 online laptop 2; until_true 20 online studio 2
                seq 1 1300 | at laptop send studio - --lines --wait delivered > /dev/null
                texts() { at studio inbox --json | grep -o '"body":"[^"]*"'; }
                texts > before; wc -l < before
                down studio
                folder=studio/daemon/home
                dd if=/dev/zero of=$folder/inbox.db bs=4096 seek=20 count=2 conv=notrunc 2>/dev/null
                told() { grep -c "\\"$1\\"" $folder/daemon.log; }
                refilled() { at studio status --json | grep -o '"refilled":[0-9a-z]*' | cut -d: -f2; }
                # Whoever holds the server holds the refill: it goes on a little at a time, until something is back.
                begun() { kill -CONT $server; sleep 0.01; kill -STOP $server; [ "$(refilled)" != 0 ]; }
                kill -STOP $server; up studio
                until_true 20 begun; kill -9 $(cat studio.pid); kill -CONT $server; until_true 20 ended studio; rm studio.pid
                echo "ended $(told inbox_refilled)"
                up studio
                whole() { [ "$(refilled)" = null ]; }
                until_true 30 whole
                texts > after; cmp before after && echo same
                echo "set aside $(told inbox_corruption_recovered), ended $(told inbox_refilled)"
                tail -n 3 $folder/daemon.log | grep -o '"messages":1300'
                ls $folder | grep -c 'corrupt-[0-9]*$'
                at studio inbox --since 1h --limit 1 --json | grep -o '"body":"[^"]*"'
                """, home: stage.home)
        #expect(
            ended.lines == [
                "1300", "ended 0", "same", "set aside 1, ended 1", "\"messages\":1300", "1", "\"body\":\"1300\"",
            ], "\(ended.output) \(ended.errors)")
    }
}
