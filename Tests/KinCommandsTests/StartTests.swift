import Foundation
import Testing

@testable import KinCommands

/// `kin up` as a user, a CI job and a script start it: the program itself, in processes of its own.
@Suite("kin up")
struct StartTests {
    /// A server, a laptop that runs, a join credential; `job COMMAND…` runs as a CI job does, with no home of its own.
    private static let job =
        Program.tools + """
            mkdir laptop tmp nobody; echo "$PHRASE" | at laptop wallet import > /dev/null
            listening; up laptop
            echo "$PHRASE" | at laptop mesh credential --role machine --ttl 1h --uses 9 --out "$PWD/join" > /dev/null 2>&1
            job() { env -u KINDRED_HOME HOME="$PWD/nobody" TMPDIR="$PWD/tmp" CI=true "$@"; }
            gone() { ! kill -0 $1 2>/dev/null; }
            process() { sed 's/.*"process":\\([0-9]*\\).*/\\1/'; }

            """

    private func run(_ script: String) throws -> Program.Ended {
        let stage = try Stage()
        defer { stage.remove() }
        try FileManager.default.createDirectory(atPath: stage.home, withIntermediateDirectories: true)
        return try Program.run(Self.job + script, home: stage.home)
    }

    @Test("in CI one line starts a member that leaves nothing: no key on disk while it runs, no file after its time")
    func continuousIntegration() throws {
        let ended = try run(
            """
            job env KINDRED_JOIN="$(cat join)" "$KIN" up --name job --ttl 1h --detach > line; echo "up $?"
            home=$(cut -d"'" -f2 line); line=$(cat line)
            [ "$line" = "export KINDRED_HOME='$home'" ] && echo one line; stat -c %a "$home"
            find "$home" -name '*.json' | grep -v host_fingerprint; ls -A nobody
            member=$(at laptop peers --json | grep -o '"member":"[^"]*","name":"laptop"' | cut -d'"' -f4)
            KINDRED_HOME=$home "$KIN" send "$member" built --wait delivered > /dev/null; echo "sent $?"
            KINDRED_HOME=$home "$KIN" wallet address 2>&1 | grep -o "ephemeral device"
            has laptop 1 && bodies laptop; echo
            tr '\\0' '\\n' < /proc/$(cat "$home/daemon/home/pid")/environ | grep -c KINDRED_JOIN
            job env KINDRED_HOME=$home "$KIN" down; ls -A tmp
            KINDRED_HOME=$home "$KIN" up; echo "former $?"
            job env KINDRED_HOME=$home KINDRED_JOIN="$(cat join)" "$KIN" up --ttl 1s --detach | grep -c KINDRED_HOME
            away() { [ -z "$(ls -A tmp)" ]; }; until_true 20 away; ls -A nobody
            """)
        #expect(
            ended.lines == [
                "up 0", "one line", "700", "sent 0", "ephemeral device", "built ", "0", "the daemon has ended",
                "former 3", "1",
            ],
            "\(ended.output) \(ended.errors)")
        #expect(ended.errors.contains("CI is set, so this daemon is ephemeral"))
    }

    @Test("without a credential or a phrase it says how to join, and waits for no input; --persistent is warned about")
    func membership() throws {
        let ended = try run(
            """
            mkfifo open; sleep 30 > open & holder=$!
            job timeout 10 "$KIN" up < open; echo "none $?"; job timeout 10 "$KIN" up --detach < open; echo "detached $?"; kill $holder
            job env KINDRED_JOIN= "$KIN" up < /dev/null; echo "empty $?"
            job "$KIN" up --persistent < /dev/null; echo "kept $?"
            job "$KIN" up --all; echo "all $?"; job "$KIN" up --mesh home@11111111; echo "mesh $?"
            job "$KIN" up --ephemeral --persistent; echo "both $?"; "$KIN" up --ttl 1h; echo "ttl $?"; ls -A tmp
            """)
        #expect(
            ended.lines == [
                "none 2", "false", "detached 2", "empty 2", "kept 5", "all 5", "mesh 2", "both 2", "ttl 2",
            ], "\(ended.output) \(ended.errors)")
        for said in ["KINDRED_JOIN", "--phrase", "persistent_keypair_in_ci_environment", "exclude each other"] {
            #expect(ended.errors.contains(said), "\(said)")
        }
    }

    @Test("by the phrase on standard input; what a killed one left is removed by the next")
    func phrase() throws {
        let ended = try run(
            """
            echo "$PHRASE" | job "$KIN" up --phrase --name one --server http://127.0.0.1:$port --detach --json > one
            kill -9 $(process < one); until_true 10 gone $(process < one); ls tmp | wc -l
            touch -d '-2 minutes' tmp/*/ephemeral
            echo "$PHRASE" | job "$KIN" up --phrase --name two --server http://127.0.0.1:$port --detach --json > two
            ls tmp | wc -l; until_true 20 online laptop 2; grep -rl abandon tmp
            kill -HUP $(process < two); until_true 10 gone $(process < two); ls tmp | wc -l
            """)
        #expect(ended.lines == ["1", "1", "0"], "\(ended.output) \(ended.errors)")
    }

    @Test("down does not end an ephemeral daemon with messages that are nowhere else, unless told to")
    func down() throws {
        let ended = try run(
            """
            eval "$(echo "$PHRASE" | job "$KIN" up --phrase --name job --server http://127.0.0.1:$port --detach 2>/dev/null)"
            seen() { "$KIN" devices | grep -q laptop; }; until_true 10 seen
            kill $server; wait $server; away() { ! "$KIN" status > /dev/null; }; until_true 10 away
            "$KIN" send laptop one > /dev/null; "$KIN" down; echo "waits $?"; "$KIN" status > /dev/null; echo "status $?"
            "$KIN" down --discard; echo "down $?"; ls -A tmp
            """)
        #expect(
            ended.lines == [
                "waits 6", "status 1", "the daemon has ended; 1 that had not reached the broker went with it", "down 0",
            ], "\(ended.output) \(ended.errors)")
        #expect(ended.errors.contains("1 message has not reached the broker"))
    }

    @Test("--detach returns once it is up, outlives its shell, and says why it is not")
    func detach() throws {
        let ended = try run(
            """
            mkdir studio; echo "$PHRASE" | at studio wallet import > /dev/null
            exec 7> held; sh -c 'KINDRED_HOME="$KINDRED_HOME/studio" setsid -w "$KIN" up --name studio --server http://127.0.0.1:'$port' --detach --json' > up.json
            echo "up $?"; process < up.json > studio.pid
            well() { at studio status > /dev/null; }; until_true 10 well && echo well
            readlink /proc/$(cat studio.pid)/fd/* | grep -c /held
            [ "$(ps -o sid= -p $(cat studio.pid) | tr -d ' ')" = "$(cat studio.pid)" ] && echo "a session of its own"
            at studio up --detach; echo "again $?"
            at studio up --detach --json 2> error; echo "json $?"; grep -o '"code":"[a-z_]*"' error
            at nowhere up --detach; echo "empty $?"
            down studio; at studio status > /dev/null; echo "down $?"
            """)
        #expect(
            ended.lines == [
                "up 0", "well", "0", "a session of its own", "again 6", "json 6", #""code":"daemon_running""#,
                "empty 5",
                "down 3",
            ], "\(ended.output) \(ended.errors)")
        #expect(ended.errors.contains("no wallet in"))
    }

    @Test("a machine joins another family's mesh beside its own, and --all starts both")
    func meshes() throws {
        let ended = try run(
            """
            mkdir two; at two wallet new --print --yes > /dev/null 2>&1
            echo "servers = [\\"http://127.0.0.1:$port\\"]" > two/config.toml
            at two up --name two --server http://127.0.0.1:$port --join "$PWD/join" --detach --json > theirs
            mesh=$(ls two/daemon | grep @); echo "$mesh" | grep -c '^home@........$'
            export KINDRED_MESH=$mesh; at two status --json | grep -o '"running":true'; unset KINDRED_MESH
            at two status > /dev/null; echo "own $?"
            kill $(process < theirs); until_true 10 gone $(process < theirs)
            at two up --all --detach --json > both 2> /dev/null; echo "all $?"; wc -l < both; process < both | sort -u > two.pid
            well() { KINDRED_MESH=$1 at two status > /dev/null; }
            until_true 10 well home && until_true 10 well "$mesh" && echo "both are well"
            KINDRED_MESH=home@11111111 at two up; echo "unknown $?"
            at two up --all --name x; echo "usage $?"; down two
            printf '\n[fleet]\nmax_daemons = 1\n' >> two/config.toml; at two up --all; echo "too many $?"
            """)
        #expect(
            ended.lines == [
                "1", #""running":true"#, "own 3", "all 0", "2", "both are well", "unknown 5", "usage 2", "too many 2",
            ], "\(ended.output) \(ended.errors)")
        #expect(ended.errors.contains("max_daemons"))
    }
}
