import Foundation
import Testing

@testable import KinCommands

/// The program itself, where only a process of its own shows what happens.
@Suite("The kin program")
struct BinaryTests {
    private struct Ended {
        var code: Int32
        var output: String
        var errors: String
    }

    private static let program: URL? = {
        // Beside the tests: their own file on Linux, their bundle on macOS.
        #if os(Linux)
            let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")).map(
                URL.init(fileURLWithPath:))
        #else
            let tests = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
        #endif
        return tests?.deletingLastPathComponent().appendingPathComponent("kin")
    }()

    private func run(_ script: String, home: String) throws -> Ended {
        let program = try #require(Self.program)
        try #require(
            FileManager.default.isExecutableFile(atPath: program.path), "build it first: swift build --product kin")
        let process = Process()
        let (output, errors) = (Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script]
        process.environment = [
            "KIN": program.path, "KINDRED_HOME": home, "PATH": "/usr/bin:/bin", "PHRASE": Stage.phrase,
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        let said = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return Ended(code: process.terminationStatus, output: text, errors: said)
    }

    @Test(
        "exit codes reach the shell",
        arguments: [
            ("--version", 0), ("send", 2), ("frobnicate", 2), ("wallet address", 5), ("status", 5),
        ] as [(String, Int32)])
    func codes(arguments: String, code: Int32) throws {
        let stage = try Stage()
        #expect(try run("\"$KIN\" \(arguments)", home: stage.home).code == code)
    }

    @Test("a phrase on standard input makes this machine a device, which a second import leaves alone")
    func enrolment() throws {
        let stage = try Stage()
        defer { stage.remove() }
        let ended = try run(
            """
            echo "$PHRASE" | "$KIN" wallet import && "$KIN" wallet address && echo "$PHRASE" | "$KIN" wallet import
            "$KIN" send studio hi
            """, home: stage.home)
        let lines = ended.output.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.last?.hasSuffix("nothing was changed") == true)
        #expect(ended.code == 3)
        #expect(ended.errors.hasPrefix("kin: no daemon answers"))
    }

    @Test("a reader that stops early is no error")
    func brokenPipe() throws {
        let stage = try Stage()
        let ended = try run(
            "{ \"$KIN\" completions bash; echo \"code $?\" >&2; } | head -c 1 > /dev/null", home: stage.home)
        #expect(ended.errors == "code 0\n")
    }

    @Test("a home that is nobody's to write is named")
    func unwritable() throws {
        let ended = try run("echo \"$PHRASE\" | \"$KIN\" wallet import", home: "/proc/kin")
        #expect(ended.code == 1)
        #expect(ended.errors.hasPrefix("kin: /proc"))
    }

    @Test("a home that others can write is refused with the command that mends it")
    func looseHome() throws {
        let stage = try Stage()
        defer { stage.remove() }
        let ended = try run(
            "mkdir \"$KINDRED_HOME\" && chmod 777 \"$KINDRED_HOME\" && echo \"$PHRASE\" | \"$KIN\" wallet import",
            home: stage.home)
        #expect(ended.code == 4)
        #expect(ended.errors.contains("chmod 700 \(stage.home)"))
    }

    @Test("a key revoked by one process is refused by the server that runs in another")
    func apiKey() throws {
        let stage = try Stage()
        defer { stage.remove() }
        let ended = try run(
            """
            umask 077; mkdir "$KINDRED_HOME"; cd "$KINDRED_HOME"
            mkfifo listening; "$KIN" serve --listen 127.0.0.1:0 --json > listening 2>log & server=$!
            read -r line < listening
            port=$(echo "$line" | sed 's/.*127.0.0.1:\\([0-9]*\\).*/\\1/')
            member=01K0M5T0V4Q6J8Z2X3C5B7N9RA; mesh=home@9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin
            made=$("$KIN" apikey new --member $member --mesh $mesh --json)
            key=$(echo "$made" | sed 's/.*"key":"\\(kin_[^"]*\\)".*/\\1/'); id=$(echo "$made" | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')
            ask() {
              bash -c 'exec 3<>/dev/tcp/127.0.0.1/$0
                printf "POST /v1/messages HTTP/1.1\\r\\nHost: x\\r\\nContent-Type: application/octet-stream\\r\\n" >&3
                printf "Authorization: Bearer %s\\r\\nContent-Length: 1\\r\\n\\r\\nx" "$1" >&3
                cat <&3 | tr , "\\n" | grep -o "\\"code\\":\\"[a-z_]*\\""' "$port" "$key"
            }
            ask; "$KIN" apikey revoke "$id" > /dev/null; ask
            kill $server; wait $server; echo "ended $?"
            grep -c "$key" log
            """, home: stage.home)
        let lines = ended.output.split(separator: "\n").map(String.init)
        #expect(
            lines == [#""code":"not_a_member""#, #""code":"api_key_revoked""#, "ended 0", "0"],
            "\(ended.output) \(ended.errors)")
    }

    /// Starts a server, the daemon of a home, and functions to start and end others.
    private static let copies = """
        set -e; umask 077
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

    private func run(copies script: String) throws -> Ended {
        let stage = try Stage()
        defer { for home in [stage.home, stage.home + ".copy"] { try? FileManager.default.removeItem(atPath: home) } }
        return try run(
            Self.copies + script + "\nkill $server; wait $server\n"
                + "grep -o '\"event\":\"member_concurrent_connection\"\\|\"outcome\":\"[a-z]*\"' server.log || true",
            home: stage.home)
    }

    @Test("prefer_newest: of two daemons of a copied home the older ends with exit code 4")
    func copiesNewest() throws {
        let ended = try run(
            copies: """
                "$KIN" mesh set concurrent-policy prefer_newest > /dev/null
                up "$there"; second=$pid; ended older $first; grep -c 'took over' "$here/log"; down newer $second
                """)
        #expect(ended.output.hasPrefix("older 4\n1\nnewer 0\n"), "\(ended.output) \(ended.errors)")
        #expect(ended.output.contains("replaced"))
    }

    @Test("prefer_oldest: the newer ends with exit code 4; after a crash the home's daemon comes in at once")
    func copiesOldest() throws {
        let ended = try run(
            copies: """
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
            copies: """
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
            copies: """
                "$KIN" mesh set concurrent-policy allow_concurrent > /dev/null
                up "$there"; second=$pid; connected "$there"
                "$KIN" mesh set --json; down first $first; down second $second
                """)
        #expect(ended.output.contains("first 0\nsecond 0\n"), "\(ended.output) \(ended.errors)")
        #expect(ended.output.hasPrefix(#"{"concurrent_policy":"allow_concurrent","server":"agrees","set":{"at":"#))
        #expect(ended.output.contains("both"))
    }

    @Test("a home from another machine starts only once it was accepted, and not while its daemon runs")
    func hosts() throws {
        let stage = try Stage()
        defer { stage.remove() }
        let ended = try run(
            """
            echo "$PHRASE" | "$KIN" wallet import > /dev/null
            cd "$KINDRED_HOME/daemon/home"
            up='up --name laptop --server http://127.0.0.1:1 --json'
            mkfifo ready; "$KIN" $up > ready 2>/dev/null & daemon=$!
            read -r line < ready; "$KIN" daemon accept-host 2>/dev/null; echo "running $?"
            kill $daemon; wait $daemon; rm ready; mkfifo ready
            sed -i.old 's/"fingerprint":"[0-9a-f]*"/"fingerprint":"'$(printf %064d 1)'"/' host_fingerprint.json
            chmod 600 host_fingerprint.json
            "$KIN" $up; echo "elsewhere $?"
            "$KIN" daemon accept-host > /dev/null; echo "accepted $?"
            "$KIN" $up > ready 2>/dev/null & daemon=$!
            read -r line < ready; kill $daemon; wait $daemon; echo "again $?"
            """, home: stage.home)
        let lines = ended.output.split(separator: "\n").map(String.init)
        #expect(lines == ["running 6", "elsewhere 4", "accepted 0", "again 0"], "\(ended.output) \(ended.errors)")
        #expect(ended.errors.contains("kin daemon remint"))
    }
}
