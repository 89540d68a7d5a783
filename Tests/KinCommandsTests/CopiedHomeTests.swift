import Foundation
import Testing

@Suite("Two daemons of one copied home")
struct CopiedHomeTests {
    /// Starts a server, the daemon of a home, and functions to start and end others.
    private static let copies = """
        set -e; umask 077; trap 'kill $server $(jobs -p) 2> /dev/null' EXIT
        echo "$PHRASE" | "$KIN" wallet import > /dev/null; cp -Rp "$KINDRED_HOME" "$KINDRED_HOME.copy"
        cd "$KINDRED_HOME"; mkfifo told
        "$KIN" serve --listen 127.0.0.1:0 --data "$KINDRED_HOME/data" --json > told 2> server.log & server=$!
        read -r line < told; port=$(echo "$line" | sed 's/.*127.0.0.1:\\([0-9]*\\).*/\\1/')
        up() { KINDRED_HOME=$1 "$KIN" up --name laptop --server "http://127.0.0.1:$port" --json > told 2>> "$1/log" & pid=$!; read -r line < told; }
        connected() {
          for n in $(seq 200); do
            KINDRED_HOME=$1 "$KIN" mesh set --json 2>/dev/null | grep -q '"server":"agrees"' && return; sleep 0.05
          done
        }
        ended() { code=0; wait "$2" || code=$?; echo "$1 $code"; }
        down() { kill "$2" && ended "$1" "$2"; }
        here=$KINDRED_HOME; there=$KINDRED_HOME.copy
        up "$here"; first=$pid; connected "$here"

        """

    private func run(_ script: String) throws -> Program.Ended {
        let stage = try Stage()
        defer { for home in [stage.home, stage.home + ".copy"] { try? FileManager.default.removeItem(atPath: home) } }
        return try Program.run(
            Self.copies + script + "\nkill $server; wait $server || true\n"
                + "grep -o '\"event\":\"member_concurrent_connection\"\\|\"outcome\":\"[a-z]*\"' server.log || true",
            home: stage.home)
    }

    @Test("prefer_newest: of two daemons of a copied home the older ends with exit code 4")
    func copiesNewest() throws {
        let ended = try run(
            """
            "$KIN" mesh set concurrent-policy prefer_newest > /dev/null
            up "$there"; second=$pid; ended older $first; grep -c 'took over' "$here/log"; down newer $second
            """)
        #expect(ended.output.hasPrefix("older 4\n1\nnewer 0\n"), "\(ended.output) \(ended.errors)")
        #expect(ended.output.contains("replaced"))
    }

    @Test("prefer_oldest: the newer ends with exit code 4; after a crash the home's daemon comes in at once")
    func copiesOldest() throws {
        let ended = try run(
            """
            "$KIN" mesh set concurrent-policy prefer_oldest > /dev/null
            up "$there"; ended newer $pid; grep -c 'does not start' "$there/log"
            kill -9 $first; ended killed $first
            up "$there"; connected "$there"; down copy $pid
            """)
        #expect(ended.output.hasPrefix("newer 4\n1\nkilled 137\ncopy 0\n"), "\(ended.output) \(ended.errors)")
        #expect(ended.output.contains("refused"))
    }

    @Test("prefer_oldest: a daemon that hangs makes room after five seconds")
    func copiesHanging() throws {
        let ended = try run(
            """
            "$KIN" mesh set concurrent-policy prefer_oldest > /dev/null
            kill -STOP $first; up "$there"; second=$pid; connected "$there"; kill -CONT $first
            ended older $first; down newer $second
            """)
        #expect(ended.output.hasPrefix("older 4\nnewer 0\n"), "\(ended.output) \(ended.errors)")
        #expect(ended.output.contains("silent"))
    }

    @Test("allow_concurrent: both stay until they are ended")
    func copiesBoth() throws {
        let ended = try run(
            """
            "$KIN" mesh set concurrent-policy allow_concurrent > /dev/null
            up "$there"; second=$pid; connected "$there"
            "$KIN" mesh set --json; down first $first; down second $second
            """)
        #expect(ended.output.contains("first 0\nsecond 0\n"), "\(ended.output) \(ended.errors)")
        #expect(ended.output.hasPrefix(#"{"concurrent_policy":"allow_concurrent","server":"agrees","set":{"at":"#))
        #expect(ended.output.contains("both"))
    }
}
