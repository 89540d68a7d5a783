import Foundation
import GRDB
import KinDaemonAPI
import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import NIOCore
import Testing

@testable import KinDaemon

/// Files from one real daemon to another over a real server.
@Suite struct FileTests {
    @Test("a file arrives byte for byte, whatever its size")
    func sizes() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            for count in [0, 1, 65_535, 65_536, 65_537, 131_072, 20 << 20, (16 << 20) + 5] {
                let source = try house.file("report-\(count).bin", count: count)
                let shared = try await daemons[0].shares(source, with: "studio", message: "as promised")
                #expect(shared.name.description == "report-\(count).bin" && shared.size == Int64(count))
                let received = try await daemons[1].receives(shared.id)
                #expect(received.direction == .received && received.peer == "laptop")
                #expect(received.message == "as promised")
                #expect(received.expiresAt == shared.expiresAt && received.expiresAt != nil)
                let out = house.path("out-\(count).bin")
                let seen = Observed<[Int64]>([])
                let got = try await daemons[1].client.getFile(shared.id, to: out) { received, _ in
                    seen.update { $0.append(received) }
                }
                #expect(got.out == out && got.size == Int64(count))
                #expect(try house.isSame(source, out))
                #expect(try house.mode(out) == 0o600)
                #expect(seen.value == seen.value.sorted())
                _ = try await daemons[0].until(shared.id, .delivered)
            }
            #expect(try house.leftovers() == [])
        }
    }

    @Test("without a place to write it, a file is streamed")
    func streams() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let source = try house.file("a.txt", count: 200_000)
            let shared = try await daemons[0].shares(source, with: "studio")
            _ = try await daemons[1].receives(shared.id)
            let body = try await daemons[1].fetch("/v1/file/get?id=\(shared.id)")
            #expect(body == Array(try Data(contentsOf: URL(filePath: source))))
        }
    }

    @Test("nothing at the server tells a name, a word or a byte of a file; only its owner and its reader are served")
    func blind() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio", "phone")
            let needle = "needle-in-a-file"
            let source = house.path("secret-\(needle).txt")
            try Data(String(repeating: needle, count: 10_000).utf8).write(to: URL(filePath: source))
            let shared = try await daemons[0].shares(source, with: "studio", message: needle)
            _ = try await daemons[1].receives(shared.id)
            let foreign = await #expect(throws: KinError.self) { try await daemons[2].client.file(shared.id) }
            #expect(foreign?.code == "unknown_file")
            try await house.server.stop()
            let data = house.folder + "/data"
            let files = try FileManager.default.subpathsOfDirectory(atPath: data)
            #expect(files.contains { $0.hasSuffix(shared.id.description) })
            for file in files {
                guard let bytes = FileManager.default.contents(atPath: "\(data)/\(file)") else { continue }
                #expect(bytes.range(of: Data(needle.utf8)) == nil, "\(file)")
            }
        }
    }

    @Test("the local API's messages of a file tell everything but its key")
    func keyIsNotShown() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let shared = try await daemons[0].shares(try house.file("a", count: 9), with: "studio")
            _ = try await daemons[1].receives(shared.id)
            let message = try #require(try await daemons[1].inbox().first)
            #expect(message.contentType == SharedFile.contentType)
            #expect(message.body.contains(shared.id.description) && !message.body.contains("\"key\""))
            let id = try ClientMessageID(shared.id.description).orThrow("an id")
            let sent = try #require(try await daemons[0].client.outboxMessage(id).message)
            #expect(!sent.contains("\"key\"") && sent.contains("sha256"))
            let error = await #expect(throws: KinError.self) { try await daemons[0].client.requeue(id) }
            #expect(error?.code == "message_of_file" || error?.code == "outbox_done")
        }
    }

    @Test("listeners on both sides hear of a shared file")
    func events() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let heard = Observed<[String]>([])
            var listeners: [Task<Void, any Error>] = []
            for daemon in daemons {
                let events = try await daemon.client.events()
                listeners.append(
                    Task {
                        for try await event in events where event.kind == .fileShared {
                            heard.update { $0.append(event.data["direction"].text) }
                        }
                    })
            }
            _ = try await daemons[0].shares(try house.file("a", count: 9), with: "studio")
            try await heard.wait { $0.count == 2 }
            #expect(heard.value.sorted() == ["received", "sent"])
            for listener in listeners { listener.cancel() }
        }
    }

    @Test("files are listed the newest first, by pages, sent and received together")
    func list() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            var ids: [ULID] = []
            for turn in 0..<5 {
                let from = turn % 2
                let source = try house.file("f\(turn)", count: turn)
                let shared = try await daemons[from].shares(source, with: ["studio", "laptop"][from])
                _ = try await daemons[1 - from].receives(shared.id)
                ids.append(shared.id)
            }
            var (listed, cursor) = ([FileInfo](), nil as String?)
            repeat {
                let page = try await daemons[0].client.files(cursor: cursor, limit: 2)
                #expect(page.files.count <= 2)
                listed += page.files
                cursor = page.cursor
            } while cursor != nil
            #expect(listed.map(\.id) == ids.reversed())
            #expect(listed.map(\.direction) == [.sent, .received, .sent, .received, .sent])
            #expect(listed.filter { $0.direction == .received }.allSatisfy { $0.status == .available })
        }
    }

    // MARK: What is refused

    @Test("what is no file, or is not there, is refused by its code, and nothing is left behind")
    func sources() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let file = try house.file("a", count: 1)
            try FileManager.default.createSymbolicLink(atPath: house.path("link"), withDestinationPath: file)
            #expect(mkfifo(house.path("pipe"), 0o600) == 0)
            let cases = [
                (house.path("link"), "source_is_link"), (house.path("pipe"), "source_not_a_file"),
                ("/dev/zero", "source_not_a_file"), (house.folder, "source_is_folder"),
                (house.path("none"), "source_missing"), ("a", "path_not_absolute"), (file + "/x", "source_missing"),
            ]
            for (path, code) in cases {
                let error = await #expect(throws: KinError.self) {
                    try await daemons[0].client.share(FileShareRequest(path: path, to: "studio"))
                }
                #expect(error?.code == code)
            }
            for (to, code) in [
                ("nobody", "unknown_recipient"), ("#x", "unknown_topic"), ("#..!", "unknown_topic"),
            ] {
                let error = await #expect(throws: KinError.self) {
                    try await daemons[0].client.share(FileShareRequest(path: file, to: to))
                }
                #expect(error?.code == code)
            }
            #expect(try await daemons[0].client.files().files == [])
        }
    }

    @Test("a file that is there is never replaced, and nothing is written where nothing can be")
    func destinations() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let shared = try await daemons[0].shares(try house.file("a", count: 70_000), with: "studio")
            _ = try await daemons[1].receives(shared.id)
            let taken = try house.file("taken", count: 3)
            try FileManager.default.createSymbolicLink(
                atPath: house.path("dangling"), withDestinationPath: house.path("nowhere"))
            let cases = [
                (taken, "file_exists"), (house.path("dangling"), "file_exists"), ("out", "path_not_absolute"),
                (house.path("none/out"), "folder_missing"), (house.folder, "file_exists"),
            ]
            for (out, code) in cases {
                let error = await #expect(throws: KinError.self) {
                    try await daemons[1].client.getFile(shared.id, to: out)
                }
                #expect(error?.code == code)
            }
            #expect(try Data(contentsOf: URL(filePath: taken)).count == 3)
            let unknown = await #expect(throws: KinError.self) {
                try await daemons[1].client.getFile(shared.id.next, to: house.path("x"))
            }
            #expect(unknown?.code == "unknown_file")
            #expect(try house.leftovers() == [])
        }
    }

    @Test("a name that appears while the file comes is not replaced")
    func race() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let shared = try await daemons[0].shares(try house.file("a", count: 10), with: "studio")
            _ = try await daemons[1].receives(shared.id)
            let out = house.path("out")
            let part = try FilePart(of: shared.id, for: out)
            try Data("mine".utf8).write(to: URL(filePath: out))
            #expect(throws: KinError.self) { try part.finish() }
            #expect(try String(contentsOfFile: out, encoding: .utf8) == "mine")
        }
    }

    // MARK: Deleting

    @Test("the owner deletes a file at the server: its reader is told it is gone; nobody else can")
    func deletes() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let shared = try await daemons[0].shares(try house.file("a", count: 10), with: "studio")
            _ = try await daemons[1].receives(shared.id)
            let foreign = await #expect(throws: KinError.self) { try await daemons[1].client.deleteFile(shared.id) }
            #expect(foreign?.code == "not_owner")
            #expect(try await daemons[0].client.deleteFile(shared.id).status == .deleted)
            #expect(try await daemons[0].client.deleteFile(shared.id).status == .deleted)
            let gone = await #expect(throws: KinError.self) {
                try await daemons[1].client.getFile(shared.id, to: house.path("out"))
            }
            #expect(gone?.code == "file_gone" && gone?.retryable == false)
            #expect(try await daemons[1].receives(shared.id).status == .gone)
            #expect(try house.blobs() == [])
            #expect(try house.leftovers() == [])
        }
    }

    @Test("a share that waits for its server can be given up")
    func givesUp() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            try await house.server.stop()
            try await daemons[0].counts("kin_daemon_connected", 0)
            let request = FileShareRequest(path: try house.file("a", count: 10), to: "studio")
            let taken = try await daemons[0].client.share(request)
            #expect(taken.status == .waiting)
            #expect(try await daemons[0].client.deleteFile(taken.id).status == .deleted)
            try await house.server.start()
            try await daemons[0].isConnected()
            let next = try await daemons[0].shares(try house.file("b", count: 10), with: "studio")
            _ = try await daemons[1].receives(next.id)
            #expect(try await daemons[1].client.files().files.map(\.id) == [next.id])
        }
    }
}

extension ULID {
    /// Another id.
    fileprivate var next: ULID { ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10)) }
}
