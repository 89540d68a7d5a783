import Foundation
import KinEncoding
import KinIdentity
import Synchronization
import Testing

@testable import KinCommands

@Suite("kin wallet")
struct WalletTests {
    /// Of `Stage.phrase` without a passphrase, at m/44'/501'/0'/0' (Vectors/published/wallet-derivation.json has the method).
    private func address(_ stage: Stage) async -> String? {
        let asking = RecordingStream()
        var context = stage.context
        context.output = asking
        guard await KinCommand.execute(["wallet", "address"], in: context) == .ok else { return nil }
        return asking.lines.first
    }

    // MARK: new

    @Test("new shows 24 numbered words on a terminal, asks three back and enrols")
    func new() async throws {
        let output = RecordingStream(isTerminal: true)
        let terminal = ScriptedTerminal { prompt in
            // As a person who copied the words from the screen.
            let number = prompt.filter(\.isNumber)
            let columns = output.text.split(whereSeparator: \.isWhitespace).map(String.init)
            return columns.firstIndex(of: "\(number).").map { columns[$0 + 1] } ?? "?"
        }
        var stage = try Stage(terminal: terminal, output: output)
        defer { stage.remove() }
        let turns = Turns([3, 22, 0])
        stage.context.random = { _ in turns.next() }
        #expect(await stage.run("wallet", "new") == .ok)
        #expect(terminal.prompts == ["word 1: ", "word 4: ", "word 24: "])
        #expect(output.lines.count == 6)
        #expect(await address(stage) != nil)
        #expect(stage.errors.text.contains("kin up --name"))
    }

    @Test("three wrong answers end it, and nothing is kept")
    func unconfirmed() async throws {
        let terminal = ScriptedTerminal(answers: ["x", "y", "z"])
        let stage = try Stage(terminal: terminal, output: RecordingStream(isTerminal: true))
        defer { stage.remove() }
        #expect(await stage.run("wallet", "new") == .usage)
        #expect(stage.errors.text.contains("not confirmed"))
        #expect(await address(stage) == nil)
    }

    @Test("a pipe gets no words unless --print says so")
    func pipe() async throws {
        let stage = try Stage()
        defer { stage.remove() }
        #expect(await stage.run("wallet", "new", "--yes") == .usage)
        #expect(stage.output.text.isEmpty)
        #expect(stage.errors.text.contains("--print"))
    }

    @Test("where nobody can answer, --yes must say that the words are safe")
    func nobody() async throws {
        let stage = try Stage()
        defer { stage.remove() }
        #expect(await stage.run("wallet", "new", "--print") == .usage)
        #expect(stage.output.text.isEmpty)
        #expect(stage.errors.text.contains("--yes"))
    }

    @Test("--print --yes writes one line that import takes elsewhere, for the same wallet")
    func printed() async throws {
        let first = try Stage()
        let second = try Stage()
        defer {
            first.remove()
            second.remove()
        }
        #expect(await first.run("wallet", "new", "--print", "--yes") == .ok)
        #expect(first.output.lines.count == 1)
        #expect(first.output.text.split(separator: " ").count == 24)
        #expect(await second.with(terminal: ScriptedTerminal(piped: first.output.text)).run("wallet", "import") == .ok)
        let address = await address(first)
        #expect(await self.address(second) == address)
        #expect(address != nil)
    }

    @Test("a home that has a wallet keeps it: exit code 6")
    func second() async throws {
        let stage = try Stage(terminal: ScriptedTerminal(piped: Stage.phrase))
        defer { stage.remove() }
        #expect(await stage.run("wallet", "import") == .ok)
        let before = await address(stage)
        #expect(await stage.run("wallet", "new", "--print", "--yes") == .conflict)
        #expect(await address(stage) == before)
    }

    @Test("the words are nowhere on disk")
    func disk() async throws {
        let stage = try Stage()
        defer { stage.remove() }
        #expect(await stage.run("wallet", "new", "--print", "--yes") == .ok)
        let words = stage.output.text.split(separator: " ").prefix(3).joined(separator: " ")
        let files = try FileManager.default.subpathsOfDirectory(atPath: stage.home)
        #expect(files.contains("wallet.json"))
        for file in files {
            guard let content = FileManager.default.contents(atPath: "\(stage.home)/\(file)") else { continue }
            #expect(content.range(of: Data(words.utf8)) == nil, "\(file)")
        }
    }

    // MARK: import

    @Test("import reads a pipe without asking, whatever white space and case the words have")
    func importPipe() async throws {
        let messy = " " + Stage.phrase.uppercased().replacingOccurrences(of: " ", with: "\n\t") + "\r\n"
        let stage = try Stage(terminal: ScriptedTerminal(piped: messy))
        defer { stage.remove() }
        #expect(await stage.run("wallet", "import") == .ok)
        let address = try #require(await address(stage))
        #expect(stage.output.lines == ["this machine is a device of wallet \(address) now; next:  kin up --name NAME"])
    }

    @Test("importing the same wallet again changes nothing and is no error")
    func again() async throws {
        let stage = try Stage(terminal: ScriptedTerminal(piped: Stage.phrase))
        defer { stage.remove() }
        #expect(await stage.run("wallet", "import") == .ok)
        let chain = FileManager.default.contents(atPath: stage.home + "/daemon/home/chain.json")
        #expect(await stage.run("wallet", "import", "--json") == .ok)
        let last = try #require(stage.output.lines.last)
        #expect(last.contains("\"outcome\":\"already_enrolled\""))
        #expect(chain != nil)
        #expect(FileManager.default.contents(atPath: stage.home + "/daemon/home/chain.json") == chain)
    }

    @Test("importing another wallet into a home ends with exit code 6")
    func another() async throws {
        let stage = try Stage(terminal: ScriptedTerminal(piped: Stage.phrase))
        defer { stage.remove() }
        #expect(await stage.run("wallet", "import") == .ok)
        let other = Array(repeating: "zoo", count: 23).joined(separator: " ") + " vote"
        #expect(await stage.with(terminal: ScriptedTerminal(piped: other)).run("wallet", "import") == .conflict)
        #expect(stage.errors.text.contains("KINDRED_HOME"))
    }

    @Test("a person is asked unseen, and twice for a passphrase")
    func importTerminal() async throws {
        let terminal = ScriptedTerminal(answers: [Stage.phrase, "tango", "tango"])
        let stage = try Stage(terminal: terminal)
        let plain = try Stage(terminal: ScriptedTerminal(piped: Stage.phrase))
        let piped = try Stage(terminal: ScriptedTerminal(piped: Stage.phrase + "\ntango\n"))
        defer { for stage in [stage, plain, piped] { stage.remove() } }
        #expect(await stage.run("wallet", "import", "--passphrase") == .ok)
        #expect(terminal.prompts.count == 3)
        #expect(await plain.run("wallet", "import") == .ok)
        #expect(await piped.run("wallet", "import", "--passphrase") == .ok)
        let address = await address(stage)
        #expect(await self.address(piped) == address)
        #expect(await self.address(plain) != address)
        #expect(address != nil)
    }

    @Test("passphrases that differ are said, and nothing is enrolled")
    func passphraseSlip() async throws {
        let stage = try Stage(terminal: ScriptedTerminal(answers: [Stage.phrase, "tango", "tanga"]))
        defer { stage.remove() }
        #expect(await stage.run("wallet", "import", "--passphrase") == .usage)
        #expect(await address(stage) == nil)
    }

    @Test("a wrong word is named with its place and the nearest word; the others are not repeated")
    func wrongWord() async throws {
        let words = Stage.phrase.replacingOccurrences(of: " art", with: " artt")
        let stage = try Stage(terminal: ScriptedTerminal(piped: words))
        defer { stage.remove() }
        #expect(await stage.run("wallet", "import") == .usage)
        #expect(stage.errors.text.contains("word 24 “artt”"))
        #expect(stage.errors.text.contains("“art”"))
        #expect(!stage.errors.text.contains("abandon"))
    }

    @Test("words that do not fit together are said to be so, and none of them is repeated")
    func checksum() async throws {
        let words = Array(repeating: "abandon", count: 24).joined(separator: " ")
        let stage = try Stage(terminal: ScriptedTerminal(piped: words))
        defer { stage.remove() }
        #expect(await stage.run("wallet", "import", "--json") == .usage)
        #expect(stage.errors.text.contains("\"phrase_checksum\""))
        #expect(!stage.errors.text.contains("abandon"))
    }

    @Test("a phrase is no argument")
    func argument() async throws {
        let stage = try Stage()
        #expect(await stage.run("wallet", "import", "abandon") == .usage)
    }

    // MARK: address

    @Test("address prints the address alone; without a wallet the next step is named, exit code 5")
    func addressAlone() async throws {
        let stage = try Stage(terminal: ScriptedTerminal(piped: Stage.phrase))
        defer { stage.remove() }
        #expect(await stage.run("wallet", "address") == .notFound)
        #expect(stage.errors.text.contains("kin wallet new"))
        #expect(await stage.run("wallet", "import") == .ok)
        let printed = try #require(await address(stage))
        #expect(try Base58.decode(printed).count == 32)
    }
}

/// Numbers in turn.
final class Turns: Sendable {
    private let numbers: Mutex<[Int]>

    init(_ numbers: [Int]) { self.numbers = Mutex(numbers) }

    func next() -> Int { numbers.withLock { $0.isEmpty ? 0 : $0.removeFirst() } }
}
