import KinCalls
import KinEncoding
import KinFileAccess
import KinWire

/// `/fs/part/*`: files of any size, chunk by chunk, over cuts.
extension FileOperations {
    func registerParts(in operations: inout Operations) {
        operations.mutation("/fs/part/begin", "Begins to write a file, or goes on") { [files] call in
            let input = try PartBegin(call.input)
            let start: RootedFiles.WriteStart =
                input.part.map { input.restarts ? .beginning($0) : .part($0) } ?? .anywhere
            return try await files.begin(input.intent, from: start).json
        }
        operations.mutation("/fs/part/write", "Writes bytes of a part", isIdempotent: true) { [files] call in
            let input = try PartWrite(call.input)
            let size = try await files.write(input.bytes, at: input.offset, to: input.part, of: input.path)
            return .object(["size": .integer(size)])
        }
        operations.subscription("/fs/part/digest", "The SHA-256 of a part's first bytes, and how far it is") {
            [files] call in
            let input = try PartHash(call.input)
            let digest = try await call.tellingProgress {
                try await files.digest(ofPart: input.part, of: input.path, first: input.first, progress: $0)
            }
            try await call.respond(digest.json)
        }
        operations.subscription("/fs/part/finish", "Checks a whole part and gives it its name, and how far it is") {
            [files] call in
            let input = try PartFinish(call.input)
            let facts = try await call.tellingProgress {
                try await files.finish(input.intent, token: input.part, progress: $0)
            }
            try await call.respond(facts.json)
        }
        operations.mutation("/fs/part/discard", "Takes a part away", isIdempotent: true) { [files] call in
            let input = try PartDiscard(call.input)
            try await files.discard(token: input.part, of: input.path)
            return .object([:])
        }
    }
}
