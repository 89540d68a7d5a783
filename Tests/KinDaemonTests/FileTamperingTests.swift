import Foundation
import KinClient
import KinDaemonAPI
import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import NIOCore
import Testing

@testable import KinDaemon

/// A server that changes what it keeps, and disks that are full.
@Suite struct FileTamperingTests {
    static let chunk = SealedFileForm.sealedChunkBytes

    @Test("whatever the server changes in a file is found, and nothing is left of it", arguments: Damage.allCases)
    func tampering(damage: Damage) async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let source = try house.file("a", count: 5 * 65_536 + 100)
            let shared = try await daemons[0].shares(source, with: "studio")
            _ = try await daemons[1].receives(shared.id)
            try await house.server.stop()
            try damage.apply(to: house)
            try await house.server.start()
            try await daemons[1].isConnected()
            let error = await #expect(throws: KinError.self) {
                try await daemons[1].client.getFile(shared.id, to: house.path("out"))
            }
            #expect(error?.code == "file_tampered" && error?.retryable == false)
            #expect(!FileManager.default.fileExists(atPath: house.path("out")))
            #expect(try house.leftovers() == [])
            #expect(try await daemons[1].figures()["kin_daemon_files_total{event=\"tampered\"}"] == 1)
            let streamed = try? await daemons[1].fetch("/v1/file/get?id=\(shared.id)")
            #expect(streamed == nil, "a stream breaks off")
        }
    }

    enum Damage: CaseIterable {
        case flipped, swapped, truncated, chunkTwice, otherFile, extended

        func apply(to house: House) throws {
            let chunk = FileTamperingTests.chunk
            try house.damageBlob { data in
                switch self {
                case .flipped: data[2 * chunk + 30] ^= 1
                case .swapped:
                    let (one, two) = (data[0..<chunk], data[chunk..<2 * chunk])
                    data.replaceSubrange(0..<2 * chunk, with: two + one)
                case .truncated: data.removeLast(140)
                case .chunkTwice: data.replaceSubrange(chunk..<2 * chunk, with: data[0..<chunk])
                case .otherFile: data = Data(count: data.count)
                case .extended: data.append(Data(data[0..<chunk]))
                }
            }
            let size = try Data(contentsOf: URL(filePath: try house.blobs().first.orThrow("a blob"))).count
            try house.changeServer("UPDATE blob SET size = \(size), received = \(size)")
        }
    }

    @Test("a file whose bytes the server lost is gone")
    func lost() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let shared = try await daemons[0].shares(try house.file("a", count: 100_000), with: "studio")
            _ = try await daemons[1].receives(shared.id)
            try house.damageBlob { $0.removeLast(10) }
            let error = await #expect(throws: KinError.self) {
                try await daemons[1].client.getFile(shared.id, to: house.path("out"))
            }
            #expect(error?.code == "file_gone")
        }
    }

    @Test("whoever was revoked gets no file any more, and shares none")
    func revoked() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let shared = try await daemons[0].shares(try house.file("a", count: 100), with: "studio")
            _ = try await daemons[1].receives(shared.id)
            let studio = try house.blobClient(of: daemons[1])
            let (size, body) = try await studio.read(shared.id, from: 0)
            #expect(size == 140)
            for try await _ in body {}
            let draft = try await daemons[0].client.revoke(RevokeRequest(device: "studio"))
            let signed = try await house.wallet.sign(draft.entry)
            _ = try await daemons[0].client.submit(SignedRevocation(proof: RevocationProof(entry: signed)))
            try await eventually("the server knows") {
                do {
                    for try await _ in try await studio.read(shared.id, from: 0).body {}
                    return false
                } catch let error as KinError {
                    return ["token_key_unknown", "not_a_member"].contains(error.code)
                }
            }
            let creation = BlobCreation(
                blob: ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10)), size: 40,
                reader: .dm(daemons[0].version.member), isPersistent: false)
            await #expect(throws: KinError.self) { try await studio.create(creation) }
        }
    }

    // MARK: Disks that are full

    @Test(
        "where the disk is full nothing is lost: the room that is needed is told, and it goes on",
        .enabled(if: SmallDisk.isAvailable, "only root may mount a small disk"))
    func readersDisk() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let source = try house.file("a", count: 3 << 20)
            let shared = try await daemons[0].shares(source, with: "studio")
            _ = try await daemons[1].receives(shared.id)
            let disk = try SmallDisk(bytes: 4 << 20)
            try disk.occupy(bytes: 2 << 20)
            let error = await #expect(throws: KinError.self) {
                try await daemons[1].client.getFile(shared.id, to: disk.file("out"))
            }
            #expect(error?.code == "storage_full" && error?.retryable == true)
            #expect(error?.detail["needed"] == .integer(3 << 20))
            try disk.release()
            _ = try await daemons[1].client.getFile(shared.id, to: disk.file("out"))
            #expect(try house.isSame(source, disk.file("out")))
        }
    }

    @Test(
        "a disk that fills while a file comes keeps what came",
        .enabled(if: SmallDisk.isAvailable, "only root may mount a small disk"))
    func fillsUp() throws {
        let disk = try SmallDisk(bytes: 1 << 20)
        let part = try FilePart(
            of: ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10)), for: disk.file("x"))
        try part.write([UInt8](repeating: 7, count: 65_536), at: 0)
        try disk.occupyAll()
        let error = #expect(throws: KinError.self) {
            try part.write([UInt8](repeating: 8, count: 65_536), at: 65_536)
        }
        #expect(error?.code == "storage_full" && error?.retryable == true)
        #expect(part.size >= 65_536)
        try disk.release()
        try part.write([UInt8](repeating: 8, count: 65_536), at: 65_536)
        try part.finish()
        #expect(try Data(contentsOf: URL(filePath: disk.file("x"))).count == 131_072)
    }

    @Test("a part that is not this daemon's own is not written to", arguments: ["link", "mode", "hard link"])
    func strangePart(kind: String) throws {
        let folder = try TemporaryFolder()
        let id = ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10))
        let (part, mine) = (folder.file(".kin-\(id).part"), folder.file("mine"))
        #expect(
            FileManager.default.createFile(
                atPath: mine, contents: Data("x".utf8), attributes: [.posixPermissions: 0o600]))
        switch kind {
        case "link": try FileManager.default.createSymbolicLink(atPath: part, withDestinationPath: mine)
        case "hard link": try FileManager.default.linkItem(atPath: mine, toPath: part)
        default:
            #expect(FileManager.default.createFile(atPath: part, contents: nil, attributes: [.posixPermissions: 0o666]))
        }
        let error = #expect(throws: KinError.self) { try FilePart(of: id, for: folder.file("out")) }
        #expect(error?.code == "out_unwritable")
        #expect(try Data(contentsOf: URL(filePath: mine)) == Data("x".utf8))
    }

    @Test("one file is written into a folder by one download at a time")
    func twice() throws {
        let folder = try TemporaryFolder()
        let id = ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10))
        let part = try FilePart(of: id, for: folder.file("out"))
        let error = #expect(throws: KinError.self) { try FilePart(of: id, for: folder.file("other")) }
        #expect(error?.code == "download_under_way")
        part.remove()
    }
}
