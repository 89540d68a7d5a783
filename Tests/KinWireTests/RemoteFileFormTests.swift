import KinEncoding
import KinTesting
import KinWire
import Testing

/// `Vectors/kindred/remote_files.json`.
@Suite struct RemoteFileFormTests {
    static let file = "kindred/remote_files.json"

    @Test("an input is read as it is meant, or refused", arguments: try Vector.list(file, "inputs"))
    func inputs(vector: Vector) throws {
        let operation = try vector.text("operation")
        let form = try FileInputs.all.first { $0.operation == operation }.orThrow(operation)
        let json = try JSON.parse(vector.utf8("input"))
        guard try vector.bool("valid") else {
            let error = #expect(throws: WireError.self) { try form.init(json) }
            #expect(error?.code == "invalid_message")
            return
        }
        try expect(form, json, meant: vector)
    }

    private func expect<Input: FileInput>(_: Input.Type, _ json: JSON, meant vector: Vector) throws {
        let input = try Input(json)
        #expect(String(decoding: input.json.canonicalBytes(), as: UTF8.self) == (try vector.text("meant")))
        #expect(try Input(input.json) == input)
    }

    @Test("every operation's input has cases")
    func everyInput() throws {
        let operations = try Set(Vector.list(Self.file, "inputs").map { try $0.text("operation") })
        #expect(operations == Set(FileInputs.all.map { $0.operation }))
        #expect(FileInputs.all.count == operations.count)
    }

    @Test("an answer is read as far as it is known, or refused", arguments: try Vector.list(file, "answers"))
    func answers(vector: Vector) throws {
        let json = try JSON.parse(vector.utf8("answer"))
        let read = { () throws -> JSON in
            switch try vector.text("form") {
            case "file": try FileFacts(json).json
            case "folder": try FolderPage(json).json
            case "piece": try FilePiece(json).json
            default: try WritePart(json).json
            }
        }
        guard try vector.bool("valid") else {
            #expect(throws: WireError.self) { try read() }
            return
        }
        #expect(String(decoding: try read().canonicalBytes(), as: UTF8.self) == (try vector.text("meant")))
    }

    @Test("a piece has at most a mebibyte, to the byte", arguments: [0, 1, 2])
    func largest(more: Int) throws {
        let bytes = [UInt8](repeating: 7, count: FileBytes.maxCount + more)
        let chunk = PartWrite(bytes, at: 0, to: "a", of: "b")
        if more == 0 {
            #expect(try PartWrite(chunk.json) == chunk)
        } else {
            #expect(throws: WireError.self) { try PartWrite(chunk.json) }
        }
    }
}
