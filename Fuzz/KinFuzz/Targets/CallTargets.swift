import KinEncoding
import KinWire

extension FuzzTarget {
    static let calls = [
        FuzzTarget(name: "call-event", alphabet: jsonAlphabet, isStructured: true) { bytes in
            guard let envelope = try? CallEnvelope(frame: bytes) else { return false }
            try promise(try CallEnvelope(frame: envelope.frame()) == envelope, "a call's event is read otherwise")
            if case .requested(let request) = envelope.event {
                try promise(
                    OperationPath(request.operation.description) == request.operation, "a path is written otherwise")
            }
            return true
        },
        FuzzTarget(name: "call-frames", alphabet: "\0\u{1}\u{2}\u{4}{}\"ab") { bytes in
            var (whole, pieces) = (CallFrames(maxFrame: 64), CallFrames(maxFrame: 64))
            guard let frames = try? whole.take(bytes) else { return false }
            let apart = try bytes.flatMap { try pieces.take([$0]) }
            try promise(apart == frames, "frames depend on how their bytes came")
            return !frames.isEmpty
        },
        FuzzTarget(name: "terminal-request", alphabet: jsonAlphabet, isStructured: true) { bytes in
            guard let json = try? JSON.parse(bytes), let request = try? TerminalRequest(json: json) else {
                return false
            }
            try promise(try TerminalRequest(json: request.json) == request, "a terminal's request is read otherwise")
            return true
        },
        FuzzTarget(name: "terminal-event", alphabet: jsonAlphabet, isStructured: true) { bytes in
            guard let json = try? JSON.parse(bytes), let event = try? TerminalEvent(json: json) else { return false }
            try promise(try TerminalEvent(json: event.json) == event, "a terminal's event is read otherwise")
            return true
        },
        FuzzTarget(name: "fs-input", alphabet: jsonAlphabet, isStructured: true) { bytes in
            guard case .object(let call)? = try? JSON.parse(bytes), case .string(let operation)? = call["operation"],
                let input = call["input"]
            else { return false }
            return try FileInputs.all.filter { $0.operation == operation }.contains { try isRead(input, as: $0) }
        },
        FuzzTarget(name: "fs-answer", alphabet: jsonAlphabet, isStructured: true) { bytes in
            guard let json = try? JSON.parse(bytes) else { return false }
            let (file, folder) = (try? FileFacts(json), try? FolderPage(json))
            let (piece, part) = (try? FilePiece(json), try? WritePart(json))
            if let file { try promise(try FileFacts(file.json) == file, "a file is read otherwise") }
            if let piece { try promise(try FilePiece(piece.json) == piece, "a piece is read otherwise") }
            if let part { try promise(try WritePart(part.json) == part, "a part is read otherwise") }
            if let folder {
                try promise(try FolderPage(folder.json) == folder, "a folder is read otherwise")
                try promise(
                    folder.entries.allSatisfy { !$0.name.utf8.contains(UInt8(ascii: "/")) && $0.name != ".." },
                    "a name leads out of its folder")
            }
            return file != nil || folder != nil || piece != nil || part != nil
        },
    ]

    private static func isRead<Input: FileInput>(_ json: JSON, as _: Input.Type) throws -> Bool {
        guard let input = try? Input(json) else { return false }
        try promise(try Input(input.json) == input, "an input of /fs/\(Input.operation) is read otherwise")
        return true
    }
}
