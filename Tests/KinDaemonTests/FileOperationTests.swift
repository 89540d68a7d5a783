import Foundation
import KinCalls
import KinCrypto
import KinDaemonAPI
import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinDaemon

/// `/fs/*` between two devices, through the relay of a real server.
@Suite(.serialized) struct FileOperationTests {
    /// What one device asks the other.
    private struct Asking {
        let calls: DaemonCalls
        let folder: String

        func ask(_ operation: String, _ input: [String: JSON]) async throws -> [String: JSON] {
            guard
                case .object(let answer) = try await calls.stream.call(
                    OperationPath("/studio/fs/" + operation).orThrow("a path"), .object(input))
            else { throw MissingValue("an object") }
            return answer
        }

        func code(_ operation: String, _ input: [String: JSON]) async -> String? {
            do {
                _ = try await ask(operation, input)
                return nil
            } catch {
                return (error as? CallFault)?.code ?? "\(error)"
            }
        }
    }

    private func run(_ body: (Asking) async throws -> Void) async throws {
        try await House.run { house in
            let folder = house.folder + "/files"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let state = try await house.home("studio")
            try Data("[fs]\nroots = [\"\(folder)\", \"\(state.root)\"]\n".utf8).write(
                to: URL(filePath: state.configPath))
            let daemons = try await house.start(family: "laptop", "studio")
            let calls = try await daemons[0].client.calls(now: realNow)
            defer { calls.close() }
            try await body(Asking(calls: calls, folder: folder))
        }
    }

    @Test("a small file is written in one call, listed, looked at and read")
    func small() async throws {
        try await run { asking in
            let path = JSON.string(asking.folder + "/new")
            let written = try await asking.ask("write", ["path": path, "bytes": .string(Base64.encode([1, 2, 3]))])
            #expect(written["size"] == .integer(3) && written["mode"] == .string("0644"))
            #expect(try await asking.ask("stat", ["path": path]) == written)
            let read = try await asking.ask("read", ["path": path, "offset": .integer(1)])
            #expect(read["bytes"] == .string(Base64.encode([2, 3])) && read["version"] == written["version"])
            let list = try await asking.ask("list", ["path": .string(asking.folder)])
            #expect(
                list == [
                    "entries": .array([.object(written.merging(["name": .string("new")]) { $1 })]),
                    "unnameable": .integer(0),
                ])
            #expect(try await asking.ask("digest", ["path": path])["sha256"] == .hex(Digest.sha256([1, 2, 3])))
            #expect(await asking.code("write", ["path": path, "bytes": .string("")]) == "file_exists")
            #expect(
                try await asking.ask("mkdir", ["path": .string(asking.folder + "/folder")]) == ["made": .bool(true)])
        }
    }

    @Test("a file comes in parts, checked at the end")
    func parts() async throws {
        try await run { asking in
            let (bytes, chunk) = ([UInt8](repeating: 7, count: 1 << 20), 1 << 18)
            var file: [String: JSON] = [
                "path": .string(asking.folder + "/large"), "size": .integer(Int64(bytes.count)),
                "mode": .string("0600"),
            ]
            let begun = try await asking.ask("part/begin", file)
            let part = try begun["part"].orThrow("a part")
            #expect(begun["offset"] == .integer(0))
            for offset in stride(from: 0, to: bytes.count, by: chunk) {
                _ = try await asking.ask(
                    "part/write",
                    [
                        "path": file["path"].orThrow("a path"), "part": part, "offset": .integer(Int64(offset)),
                        "bytes": .string(Base64.encode(bytes[offset..<offset + chunk])),
                    ])
            }
            (file["part"], file["sha256"]) = (part, .hex(Digest.sha256(bytes)))
            let answers = try await asking.calls.stream.subscribe(
                OperationPath("/studio/fs/part/finish").orThrow("a path"), .object(file))
            var seen: [[String: JSON]] = []
            while case .object(let answer)? = try await answers.next() { seen.append(answer) }
            #expect(seen.last?["size"] == .integer(1 << 20) && seen.last?["mode"] == .string("0600"))
        }
    }

    @Test("what lies outside the roots, kin's own home, and what is no input are refused")
    func refused() async throws {
        try await run { asking in
            let home = asking.folder.replacing("/files", with: "/studio")
            for path in ["/etc/passwd", asking.folder + "/../studio", "~", home + "/wallet.json", home] {
                #expect(await asking.code("list", ["path": .string(path)]) == "outside_roots", "\(path)")
                #expect(await asking.code("read", ["path": .string(path)]) != nil)
            }
            let path = JSON.string(asking.folder)
            for input: [String: JSON] in [
                [:], ["path": .integer(1)], ["path": path, "more": .bool(true)], ["path": path, "limit": .integer(0)],
                ["path": path, "limit": .integer(1001)],
            ] {
                #expect(await asking.code("list", input) == "INVALID_INPUT")
            }
            #expect(
                await asking.code("write", ["path": path, "bytes": .string("%")]) == "INVALID_INPUT")
            #expect(await asking.code("write", ["path": path, "bytes": .string("")]) == "is_a_folder")
            #expect(await asking.code("mkdir", ["path": path, "mode": .string("0999")]) == "INVALID_INPUT")
        }
    }
}
