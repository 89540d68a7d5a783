import Foundation
import KinDaemonAPI
import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import Testing

@testable import KinDaemon

/// Transfers that are cut wherever they can be, and go on.
@Suite struct FileInterruptionTests {
    static let size = 12 << 20

    @Test("an upload whose connection is cut again and again goes on at a chunk, and is not begun again")
    func upload() async throws {
        try await House.behindProxy { house, proxy, laptop, studio in
            let source = try house.file("a", count: Self.size)
            let before = proxy.total(.up)
            proxy.cut(.up, after: 3 << 20, times: 4)
            let shared = try await laptop.shares(source, with: "studio")
            #expect(proxy.cuts == 4)
            // What was on its way when it was cut goes again: less than the cuts' distance each.
            #expect(proxy.total(.up) - before < Self.size * 2, "it went on where it was")
            try await studio.gets(shared, same: source, in: house)
            #expect(try await laptop.client.file(shared.id).lastError == nil)
        }
    }

    @Test("a share outlives its daemon and its server, whole chunks at the server stay")
    func restarts() async throws {
        try await House.behindProxy { house, proxy, laptop, studio in
            let source = try house.file("a", count: Self.size)
            proxy.cut(.up, after: 5 << 20, thenBlocks: true)
            let taken = try await laptop.client.share(FileShareRequest(path: source, to: "studio"))
            try await eventually("it is cut") { proxy.cuts == 1 }
            try await laptop.stop()
            proxy.unblock()
            let again = try await house.start("laptop", servers: [proxy.url, house.server.url])
            let shared = try await again.until(taken.id) { $0.status.isShared }
            let sent = try #require(try await again.figures()["kin_daemon_file_bytes_total{direction=\"out\"}"])
            #expect(sent < Double(Self.size), "what was there did not go again: \(sent)")
            try await studio.gets(shared, same: source, in: house)
        }
    }

    @Test("a file shared while the server is away is brought there when it comes")
    func beforeCreation() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let source = try house.file("a", count: 100_000)
            try await house.server.stop()
            try await daemons[0].counts("kin_daemon_connected", 0)
            let taken = try await daemons[0].client.share(FileShareRequest(path: source, to: "studio"))
            try await daemons[0].stop()
            let again = try await house.start("laptop")
            #expect(try await again.client.file(taken.id).status == .waiting)
            try await house.server.start()
            let shared = try await again.until(taken.id) { $0.status.isShared }
            try await daemons[1].gets(shared, same: source, in: house)
        }
    }

    @Test("once a file is at the server its message follows, whatever happens between; the file does not go again")
    func beforeMessage() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let source = try house.file("a", count: 300_000)
            try house.refuseMessages(true, of: daemons[0].state)
            let taken = try await daemons[0].client.share(FileShareRequest(path: source, to: "studio"))
            _ = try await daemons[0].until(taken.id) { $0.transferred == $0.size && $0.lastError != nil }
            #expect(try await daemons[1].client.files().files == [])
            try await daemons[0].stop()
            try house.refuseMessages(false, of: daemons[0].state)
            let again = try await house.start("laptop")
            let shared = try await again.until(taken.id) { $0.status.isShared }
            #expect(try await again.figures()["kin_daemon_file_bytes_total{direction=\"out\"}"] == 0)
            try await daemons[1].gets(shared, same: source, in: house)
            #expect(try await daemons[1].inbox().count == 1)
        }
    }

    @Test("a file that the server lost with its store is brought there again, though its message had arrived")
    func storeLost() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let (laptop, studio) = (daemons[0], daemons[1])
            let source = try house.file("report", count: 300_000)
            let shared = try await laptop.shares(source, with: "studio")
            _ = try await laptop.until(shared.id, .delivered)
            try await house.server.stop()
            try await house.server.start(forgetful: true)
            for daemon in daemons { try await daemon.isConnected() }
            try await eventually("it was brought again") {
                try await laptop.figures()["kin_daemon_files_total{event=\"shared\"}"] == 2
            }
            try await studio.gets(shared, same: source, in: house)
            #expect(try await studio.inbox().count == 1)
            #expect(try await laptop.client.file(shared.id).status == .delivered)
        }
    }

    @Test("a download whose connection is cut again and again goes on at a chunk, within one call")
    func download() async throws {
        try await House.behindProxy { house, proxy, laptop, studio in
            let source = try house.file("a", count: Self.size)
            let shared = try await laptop.shares(source, with: "studio")
            _ = try await studio.receives(shared.id)
            let before = proxy.total(.down)
            proxy.cut(.down, after: 3 << 20, times: 3)
            try await studio.gets(shared, same: source, in: house)
            #expect(proxy.cuts == 3)
            #expect(proxy.total(.down) - before < Self.size * 2, "it went on where it was")
        }
    }

    @Test("a download that was given up goes on where it got to, after a restart of the daemon too")
    func downloadGivenUp() async throws {
        try await House.behindProxy { house, proxy, laptop, studio in
            let source = try house.file("a", count: Self.size)
            let shared = try await laptop.shares(source, with: "studio")
            _ = try await studio.receives(shared.id)
            proxy.cut(.down, after: 7 << 20, thenBlocks: true)
            let out = house.path("out")
            let client = studio.client
            let first = Task { try await client.getFile(shared.id, to: out) }
            try await eventually("it is cut") { proxy.cuts == 1 }
            first.cancel()
            _ = await first.result
            #expect(!FileManager.default.fileExists(atPath: out))
            let part = try house.leftovers()
            #expect(part.count == 1)
            try await studio.stop()
            let here = try Data(contentsOf: URL(filePath: house.path(part[0]))).count
            #expect(here > 65_536 && here < Self.size)
            proxy.unblock()
            let again = try await house.start("studio", servers: [proxy.url, house.server.url])
            try await again.isConnected()
            _ = try await again.client.getFile(shared.id, to: out)
            #expect(try house.isSame(source, out))
            let rest = SealedFileForm(size: Int64(Self.size - here / 65_536 * 65_536)).sealedSize
            let came = try await again.figures()["kin_daemon_file_bytes_total{direction=\"in\"}"]
            #expect(came == Double(rest), "what was here did not come again")
            #expect(try house.leftovers() == [])
        }
    }

    @Test("what came whole and was not given its name is not fetched again; what somebody changed is")
    func beforeRename() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let source = try house.file("a", count: 200_000)
            let shared = try await daemons[0].shares(source, with: "studio")
            _ = try await daemons[1].receives(shared.id)
            let content = try Data(contentsOf: URL(filePath: source))
            let part = house.path(".kin-\(shared.id).part")
            func begin(_ data: Data) throws {
                #expect(
                    FileManager.default.createFile(atPath: part, contents: data, attributes: [.posixPermissions: 0o600])
                )
            }
            try begin(content)
            try await daemons[1].gets(shared, same: source, in: house, as: "one")
            let series = "kin_daemon_file_bytes_total{direction=\"in\"}"
            #expect(try await daemons[1].figures()[series] == 0)
            var other = content
            other[5] ^= 1
            for (name, data) in [("two", other), ("three", other + [1]), ("four", other.prefix(70_000))] {
                try begin(data)
                try await daemons[1].gets(shared, same: source, in: house, as: name)
            }
            #expect(try #require(try await daemons[1].figures()[series]) > 600_000)
            #expect(try house.leftovers() == [])
        }
    }

    @Test("a file that changes before it is whole at the server is not shared", arguments: [false, true])
    func sourceChanged(hidden: Bool) async throws {
        try await House.behindProxy { house, proxy, laptop, _ in
            let source = try house.file("a", count: Self.size)
            proxy.cut(.up, after: 5 << 20, thenBlocks: true)
            let taken = try await laptop.client.share(FileShareRequest(path: source, to: "studio"))
            try await eventually("it is cut") { proxy.cuts == 1 }
            // Hidden: the time that the file was changed is put back.
            let time = try house.time(of: source)
            let file = try FileHandle(forUpdating: URL(filePath: source))
            try file.seek(toOffset: 1000)
            try file.write(contentsOf: Data([1, 2, 3, 4, 5]))
            try file.close()
            if hidden { try house.setTime(of: source, to: time) }
            proxy.unblock()
            let dead = try await laptop.until(taken.id, .dead)
            #expect(dead.lastError == "file_changed")
            try await eventually("the server has nothing of it") { try house.blobs() == [] }
        }
    }

    @Test("a source that is gone ends the share, with the reason")
    func sourceGone() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            try await house.server.stop()
            try await daemons[0].counts("kin_daemon_connected", 0)
            let source = try house.file("a", count: 100)
            let taken = try await daemons[0].client.share(FileShareRequest(path: source, to: "studio"))
            try FileManager.default.removeItem(atPath: source)
            try await house.server.start()
            #expect(try await daemons[0].until(taken.id, .dead).lastError == "source_missing")
            #expect(try await daemons[0].figures()["kin_daemon_files_total{event=\"dead\"}"] == 1)
        }
    }
}

extension House {
    /// Two daemons whose server, and files, are behind a proxy; names come from the house's own server beside it.
    static func behindProxy(
        _ body: @Sendable (House, CuttingProxy, TestDaemon, TestDaemon) async throws -> Void
    ) async throws {
        let proxy = try await CuttingProxy()
        try await run { house in
            try await house.server.lead(proxy)
            let laptop = try await house.start("laptop", servers: [proxy.url, house.server.url])
            let studio = try await house.start("studio", servers: [proxy.url, house.server.url])
            for daemon in [laptop, studio] {
                try await daemon.sees(["laptop", "studio"])
                try await daemon.isConnected()
            }
            try await body(house, proxy, laptop, studio)
        }
        await proxy.stop()
    }
}

extension TestDaemon {
    /// Fetches a file, which must be the same as its source.
    func gets(_ file: FileInfo, same source: String, in house: House, as name: String = "got") async throws {
        _ = try await receives(file.id)
        let out = house.path(name)
        _ = try await client.getFile(file.id, to: out)
        guard try house.isSame(source, out) else { throw MissingValue("the file as it was") }
    }
}
