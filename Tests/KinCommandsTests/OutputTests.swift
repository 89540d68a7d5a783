import KinEncoding
import KinWire
import Testing

@testable import KinCommands

@Suite("The renderer")
struct OutputTests {
    private let error = KinError(
        "unknown_recipient", "no device is called x", category: .notFound, detail: ["candidates": .array([])])

    @Test("answers go to standard output, the rest to standard error")
    func streams() throws {
        let stage = try Stage()
        let output = Output(form: .text, context: stage.context)
        try output.answer(.lines(["answer"]), json: .null)
        output.note("note")
        #expect(stage.output.text == "answer\n")
        #expect(stage.errors.text == "note\n")
    }

    @Test("JSON answers are canonical, one line")
    func json() throws {
        let stage = try Stage()
        try Output(form: .json, context: stage.context)
            .answer(.lines(["text"]), json: .object(["b": .integer(1), "a": .bool(true)]))
        #expect(stage.output.text == "{\"a\":true,\"b\":1}\n")
    }

    @Test("an error is a sentence for people, and code, message and detail for programs")
    func failure() throws {
        let stage = try Stage()
        Output(form: .text, context: stage.context).failure(error)
        Output(form: .json, context: stage.context).failure(error)
        #expect(
            stage.errors.lines == [
                "kin: no device is called x",
                #"{"error":{"code":"unknown_recipient","detail":{"candidates":[]},"message":"no device is called x","retryable":false}}"#,
            ])
    }

    @Test("a reader that went away ends the command quietly, with exit code 0")
    func brokenPipe() async throws {
        let stage = try Stage(output: RecordingStream(isBroken: true))
        #expect(await stage.run("completions", "bash") == .ok)
        #expect(await stage.run("--help") == .ok)
        #expect(stage.errors.text.isEmpty)
    }

    @Test("errors that nobody reads do not change how a command ends")
    func brokenErrors() async throws {
        let stage = try Stage(errors: RecordingStream(isBroken: true))
        #expect(await stage.run("wallet", "address") == .notFound)
    }
}
