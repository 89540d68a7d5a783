import Foundation
import Testing

/// The program itself, in processes of its own.
enum Program {
    struct Ended {
        var code: Int32
        var output: String
        var errors: String

        /// Of what went to standard output.
        var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    private static let url = folder?.appendingPathComponent("kin")

    /// Where the tests and programs were built.
    private static let folder: URL? = {
        // Beside the tests: their own file on Linux, their bundle on macOS.
        #if os(Linux)
            let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")).map(
                URL.init(fileURLWithPath:))
        #else
            let tests = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
        #endif
        return tests?.deletingLastPathComponent()
    }()

    /// A program that is built with the tests; nil where it was not.
    static func built(_ name: String) -> String? {
        let path = folder?.appendingPathComponent(name).path
        return path.flatMap { FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil }
    }

    /// Runs a program with text on its standard input, which then ends.
    static func pipe(_ text: String, to program: String, _ arguments: [String]) throws -> Ended {
        let process = Process()
        let (input, output, errors) = (Pipe(), Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = ["PATH": "/usr/bin:/bin"]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        Thread.detachNewThread {
            try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
            try? input.fileHandleForWriting.close()
        }
        let said = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        let noted = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return Ended(code: process.terminationStatus, output: said, errors: noted)
    }

    /// What the scripts share: `at NAME COMMAND…` runs a command of that device, `up NAME` starts it, `down NAME` ends it,
    /// `until_true SECONDS COMMAND…` waits.
    static let tools = """
        umask 077; cd "$KINDRED_HOME"
        at() { device=$1; shift; KINDRED_HOME="$KINDRED_HOME/$device" "$KIN" "$@"; }
        listening() {
          mkfifo listening; "$KIN" serve --listen 127.0.0.1:${port:-0} --data "$KINDRED_HOME/server" --json > listening 2>>server.log &
          server=$!; read -r line < listening; rm listening
          port=$(echo "$line" | sed 's/.*127.0.0.1:\\([0-9]*\\).*/\\1/')
        }
        up() {
          mkfifo ready; KINDRED_HOME="$KINDRED_HOME/$1" "$KIN" up --name $1 --server http://127.0.0.1:$port --json > ready 2>>$1.log &
          echo $! > $1.pid; read -r line < ready; rm ready
        }
        down() { kill $(cat $1.pid); until_true 20 ended $1; rm $1.pid; }
        ended() { ! kill -0 $(cat $1.pid) 2>/dev/null; }
        until_true() {
          tries=$(($1 * 10)); shift
          until "$@"; do
            tries=$((tries - 1)); [ $tries -gt 0 ] || { echo "never: $*"; return 1; }
            sleep 0.1
          done
        }
        online() { [ "$(at $1 devices --json | grep -o '"online":true' | wc -l)" -eq $2 ]; }
        bodies() { at $1 inbox --json | grep -o '"body":"[^"]*"' | cut -d'"' -f4 | sort | tr '\\n' ' '; }
        has() { [ "$(bodies $1 | wc -w)" -ge $2 ]; }
        trap 'for file in *.pid; do [ -e "$file" ] && kill $(cat "$file"); done; kill $server' EXIT

        """

    /// Runs a shell script, in which `$KIN` is the program and `$PHRASE` a recovery phrase.
    static func run(_ script: String, home: String) throws -> Ended {
        let program = try #require(url)
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
}
