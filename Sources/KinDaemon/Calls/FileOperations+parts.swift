import KinCalls
import KinEncoding
import KinFileAccess
import KinWire

/// `/fs/part/*`: files of any size, chunk by chunk, over cuts.
extension FileOperations {
    func registerParts(in operations: inout Operations) {
        operations.mutation("/fs/part/begin", "Begins to write a file, or goes on") { [files] call in
            let (intent, start) = try call.reading { input throws(WireError) in
                let token = try input.token(isOptional: true)
                let isBeginning = try input.flag("restart") ?? false
                let start: RootedFiles.WriteStart =
                    token.map { isBeginning ? .beginning($0) : .part($0) } ?? .anywhere
                return (try WriteIntent(&input), start)
            }
            return try await files.begin(intent, from: start).json
        }
        operations.mutation("/fs/part/write", "Writes bytes of a part") { [files] call in
            let (path, token, offset, bytes) = try call.reading { input throws(WireError) in
                (
                    try input.filePath(), try input.token() ?? "", try input.integer("offset"),
                    try FileBytes.read(&input, "bytes")
                )
            }
            return .object(["size": .integer(try await files.write(bytes, at: offset, to: token, of: path))])
        }
        operations.subscription("/fs/part/digest", "The SHA-256 of a part's first bytes, and how far it is") {
            [files] call in
            let (path, token, first) = try call.reading { input throws(WireError) in
                (try input.filePath(), try input.token() ?? "", try input.integer("first"))
            }
            let digest = try await call.tellingProgress {
                try await files.digest(ofPart: token, of: path, first: first, progress: $0)
            }
            try await call.respond(digest.json)
        }
        operations.subscription("/fs/part/finish", "Checks a whole part and gives it its name, and how far it is") {
            [files] call in
            let (token, intent) = try call.reading { input throws(WireError) in
                (try input.token() ?? "", try WriteIntent(&input))
            }
            let facts = try await call.tellingProgress {
                try await files.finish(intent, token: token, progress: $0)
            }
            try await call.respond(facts.json)
        }
        operations.mutation("/fs/part/discard", "Takes a part away") { [files] call in
            let (path, token) = try call.reading { input throws(WireError) in
                (try input.filePath(), try input.token() ?? "")
            }
            try await files.discard(token: token, of: path)
            return .object([:])
        }
    }
}
