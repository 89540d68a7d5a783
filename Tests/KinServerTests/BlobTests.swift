import Foundation
import KinEncoding
import KinIdentity
import KinServer
import KinTestServer
import KinTesting
import KinWire
import Testing

/// `/v1/blobs`, as docs/protocol/files.md has it.
@Suite struct BlobTests {
    static let chunk = SealedFileForm.sealedChunkBytes

    static func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        let block = random.bytes(4099)
        return Array((0..<count / 4099 + 1).flatMap { _ in block }.prefix(count))
    }

    @Test("a file is made room for, taken in parts, and read whole or from a byte on")
    func wholeWay() async throws {
        try await HTTPBench.run { bench in
            let (id, sealed) = (bench.blobID(), Self.bytes(3 * Self.chunk + 100))
            let created = try await bench.create(id, size: sealed.count)
            #expect(created.status == 201 && created.offset == 0)
            let end = Self.chunk * 2
            let first = try await bench.append(Array(sealed[..<end]), to: id, at: 0)
            #expect(first.status == 204 && first.offset == Int64(end))
            let early = try await bench.read(id)
            #expect(early.status == 409 && early.code == "blob_incomplete")
            let again = try await bench.create(id, size: sealed.count)
            #expect(again.status == 200 && again.offset == Int64(end))
            let head = try await bench.call(.HEAD, "/v1/blobs/\(id)")
            #expect(head.status == 200 && head.offset == Int64(end))
            #expect(head.headers.first(name: "upload-length") == "\(sealed.count)")
            let last = try await bench.append(Array(sealed[end...]), to: id, at: end)
            #expect(last.status == 204 && last.offset == Int64(sealed.count))
            let expiry = try #require(last.headers.first(name: "x-kindred-expires-at").flatMap { Int64($0) })
            #expect(abs(expiry - HTTPBench.now - 30 * 86_400_000) < 60_000, "as long as messages")
            let whole = try await bench.read(id)
            #expect(whole.status == 200 && whole.bytes == sealed)
            let rest = try await bench.read(id, "bytes=\(end)-")
            #expect(rest.status == 206 && rest.bytes == Array(sealed[end...]))
            #expect(rest.headers.first(name: "content-range") == "bytes \(end)-\(sealed.count - 1)/\(sealed.count)")
            #expect(try await bench.read(id, "bytes=5-9").bytes == Array(sealed[5...9]))
            #expect(try await bench.read(id, "bytes=5-999999999").bytes == Array(sealed[5...]))
            for odd in ["bytes=9-5", "bytes=-5", "bytes=1-2,4-5", "lines=1-"] {
                #expect(try await bench.read(id, odd).status == 200, "\(odd) is passed over")
            }
            let beyond = try await bench.read(id, "bytes=\(sealed.count)-")
            #expect(beyond.status == 416 && beyond.headers.first(name: "content-range") == "bytes */\(sealed.count)")
            #expect(try await bench.read(id, as: bench.laptop).bytes == sealed, "the owner may read it too")
            let mode = try FileManager.default.attributesOfItem(atPath: bench.blobPath(id))[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test("only its owner changes a blob, only its owner and its reader read it; to others it is not there")
    func rights() async throws {
        try await HTTPBench.run { bench in
            let id = bench.blobID()
            #expect(try await bench.create(id, size: 40, to: .dm(bench.laptop.member)).status == 201)
            #expect(try await bench.append(Self.bytes(40), to: id, at: 0).status == 204)
            let read = try await bench.read(id)
            #expect(read.status == 404 && read.code == "unknown_blob")
            let append = try await bench.append([1], to: id, at: 40, as: bench.studio)
            #expect(append.status == 404 && append.code == "unknown_blob")
            let head = try await bench.call(.HEAD, "/v1/blobs/\(id)", as: bench.studio)
            #expect(head.status == 404)
            let delete = try await bench.call(.DELETE, "/v1/blobs/\(id)", as: bench.studio)
            #expect(delete.status == 404)
            let taken = try await bench.create(id, size: 40, as: bench.studio)
            #expect(taken.status == 409 && taken.code == "blob_exists")
            let other = try await bench.create(id, size: 41, to: .dm(bench.laptop.member))
            #expect(other.status == 409 && other.code == "blob_exists")
            #expect(try await bench.read(id, as: bench.laptop).status == 200)
            #expect(try await bench.call(.DELETE, "/v1/blobs/\(id)").status == 204)
            #expect(try await bench.call(.DELETE, "/v1/blobs/\(id)").status == 404)
            #expect(try await bench.read(id, as: bench.laptop).status == 404)
            #expect(!FileManager.default.fileExists(atPath: bench.blobPath(id)))
        }
    }

    @Test("a reader of a file cannot change it")
    func readersOnlyRead() async throws {
        try await HTTPBench.run { bench in
            let id = bench.blobID()
            _ = try await bench.create(id, size: 40)
            _ = try await bench.append(Self.bytes(40), to: id, at: 0)
            #expect(try await bench.read(id).status == 200)
            #expect(try await bench.call(.DELETE, "/v1/blobs/\(id)", as: bench.studio).status == 404)
            #expect(try await bench.append([1], to: id, at: 40, as: bench.studio).status == 404)
            #expect(try await bench.read(id).bytes == Self.bytes(40))
        }
    }

    @Test("what cannot be taken is answered with why, and API keys open no files")
    func refusals() async throws {
        try await HTTPBench.run(blobs: .init(fileBytes: 200_000, totalBytes: 150_000)) { bench in
            let stranger = ULID(milliseconds: 1, randomness: [UInt8](repeating: 5, count: 10))
            let topic = try TopicName("builds").orThrow("a topic")
            let cases: [(Int, Destination?, Int, String)] = [
                (200_001, nil, 413, "too_large"), (39, nil, 400, "blob_size_invalid"),
                (0, nil, 400, "blob_size_invalid"),
                (Self.chunk + 40, nil, 400, "blob_size_invalid"), (150_001, nil, 507, "blobs_full"),
                (40, .dm(stranger), 404, "unknown_member"), (40, .topic(topic), 403, "not_in_topic"),
            ]
            for (size, reader, status, code) in cases {
                let answer = try await bench.create(bench.blobID(), size: size, to: reader)
                #expect(answer.status == status && answer.code == code, "\(answer)")
            }
            let key = try await bench.apiKey().text
            let byKey = try await bench.call(
                .POST, "/v1/blobs", credential: key, headers: [("Content-Type", "application/json")], body: [])
            #expect(byKey.status == 403 && byKey.code == "scope_missing")
            let garbage = try await bench.call(.POST, "/v1/blobs", body: Array("{\"blob\":1}".utf8))
            #expect(garbage.status == 400 && garbage.code == "invalid_message")
            let id = bench.blobID()
            #expect(try await bench.create(id, size: 50).status == 201)
            let wrong = try await bench.append(Self.bytes(10), to: id, at: 1)
            #expect(wrong.status == 409 && wrong.code == "offset_mismatch" && wrong.offset == 0)
            let more = try await bench.append(Self.bytes(51), to: id, at: 0)
            #expect(more.status == 413)
            let media = try await bench.call(.PATCH, "/v1/blobs/\(id)", headers: [("Upload-Offset", "0")], body: [1])
            #expect(media.status == 415)
            for offset in ["", "-1", "x", "99999999999999999999"] {
                let answer = try await bench.call(
                    .PATCH, "/v1/blobs/\(id)",
                    headers: [("Content-Type", "application/partial-upload"), ("Upload-Offset", offset)], body: [1])
                #expect(answer.status == 400)
            }
            #expect(try await bench.call(.GET, "/v1/blobs/nothing").status == 404)
            let used = try bench.token()
            _ = try await bench.call(.HEAD, "/v1/blobs/\(id)", credential: used)
            #expect(try await bench.call(.GET, "/v1/blobs/\(id)", credential: used).code == "token_replayed")
        }
    }

    // MARK: Cut off

    @Test("of an append that breaks off whole chunks are kept, and the next goes on behind them")
    func brokenOff() async throws {
        try await HTTPBench.run { bench in
            let (id, sealed) = (bench.blobID(), Self.bytes(20 * Self.chunk))
            _ = try await bench.create(id, size: sealed.count)
            let part = Array(sealed[..<(10 * Self.chunk + 1000)])
            let peer = try await bench.beginAppend(part, of: sealed.count, to: id, at: 0)
            try await bench.holds(2 * Self.chunk, id)
            await peer.close()
            var offset = 0
            try await eventually("it is noticed") {
                offset = Int(try await bench.create(id, size: sealed.count).offset ?? 0)
                return offset > 0
            }
            #expect(offset % Self.chunk == 0 && offset <= part.count)
            #expect(try await bench.append(Array(sealed[offset...]), to: id, at: offset).status == 204)
            #expect(try await bench.read(id).bytes == sealed)
        }
    }

    @Test("a newer append takes the place of an older one that stands still")
    func takesOver() async throws {
        try await HTTPBench.run { bench in
            let (id, sealed) = (bench.blobID(), Self.bytes(20 * Self.chunk))
            _ = try await bench.create(id, size: sealed.count)
            let older = try await bench.beginAppend(Array(sealed[..<(9 * Self.chunk)]), of: sealed.count, to: id, at: 0)
            try await bench.holds(4 * Self.chunk, id)
            let offset = Int(try #require(try await bench.create(id, size: sealed.count).offset))
            #expect(offset >= 4 * Self.chunk && offset % Self.chunk == 0)
            #expect(try await bench.append(Array(sealed[offset...]), to: id, at: offset).status == 204)
            try await older.waitForEnd()
            #expect(older.heard.value.text.contains("append_interrupted"))
            #expect(try await bench.read(id).bytes == sealed)
        }
    }

    @Test("who sends too slowly is cut off, and what came is kept")
    func slow() async throws {
        try await HTTPBench.run(blobs: .init(patience: .milliseconds(400))) { bench in
            let (id, sealed) = (bench.blobID(), Self.bytes(5 * Self.chunk))
            _ = try await bench.create(id, size: sealed.count)
            let peer = try await bench.beginAppend(Array(sealed[..<(2 * Self.chunk)]), of: sealed.count, to: id, at: 0)
            try await peer.waitForEnd()
            #expect(peer.heard.value.text.hasPrefix("HTTP/1.1 408 ") && peer.heard.value.text.contains("too_slow"))
            #expect(try await bench.create(id, size: sealed.count).offset == Int64(2 * Self.chunk))
        }
    }

    @Test("who does not take what it asked for is cut off")
    func slowReader() async throws {
        try await HTTPBench.run(blobs: .init(patience: .milliseconds(400))) { bench in
            let (id, sealed) = (bench.blobID(), Self.bytes(300 * Self.chunk))
            _ = try await bench.create(id, size: sealed.count)
            #expect(try await bench.append(sealed, to: id, at: 0).status == 204)
            let peer = try await RawPeer.connect(to: bench.server.port, isReading: false)
            peer.send(
                "GET /v1/blobs/\(id) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(try bench.token())\r\n\r\n")
            // Nothing is read here, so the end shows when something is.
            try await Task.sleep(for: .seconds(2))
            try await peer.channel.setOption(.autoRead, value: true).get()
            try await peer.waitForEnd()
            #expect(peer.heard.value.bytes.readableBytes < sealed.count)
        }
    }

    @Test("a member has four uploads open, and shutdown waits for none")
    func bounded() async throws {
        try await HTTPBench.run { bench in
            var peers: [RawPeer] = []
            for number in 1...4 {
                let id = bench.blobID(UInt8(number))
                _ = try await bench.create(id, size: 10 * Self.chunk)
                peers.append(
                    try await bench.beginAppend(Self.bytes(5 * Self.chunk), of: 10 * Self.chunk, to: id, at: 0))
                try await bench.holds(4 * Self.chunk, id)
            }
            let fifth = bench.blobID(5)
            _ = try await bench.create(fifth, size: 40)
            let refused = try await bench.append(Self.bytes(40), to: fifth, at: 0)
            #expect(refused.status == 429 && refused.code == "server_busy")
            let other = bench.blobID(6)
            _ = try await bench.create(other, size: 40, to: .dm(bench.laptop.member), as: bench.studio)
            #expect(try await bench.append(Self.bytes(40), to: other, at: 0, as: bench.studio).status == 204)
            let start = ContinuousClock.now
            try await bench.stop()
            #expect(ContinuousClock.now - start < .seconds(4))
            for peer in peers { #expect(peer.heard.value.text.hasPrefix("HTTP/1.1 503 ")) }
            try await bench.start()
            #expect(try await bench.create(bench.blobID(1), size: 10 * Self.chunk).offset == 0, "another id by now")
        }
    }

    // MARK: Restarts

    @Test("what a crash left behind the told offset is cut, and never shown")
    func crash() async throws {
        try await HTTPBench.run { bench in
            let (id, sealed) = (bench.blobID(), Self.bytes(4 * Self.chunk))
            _ = try await bench.create(id, size: sealed.count)
            _ = try await bench.append(Array(sealed[..<Self.chunk]), to: id, at: 0)
            try await bench.stop()
            let file = try FileHandle(forUpdating: URL(filePath: bench.blobPath(id)))
            try file.seekToEnd()
            try file.write(contentsOf: Data(repeating: 9, count: 100_000))
            try file.close()
            try await bench.start()
            #expect(try await bench.create(id, size: sealed.count).offset == Int64(Self.chunk))
            let rest = Array(sealed[Self.chunk...])
            #expect(try await bench.append(rest, to: id, at: Self.chunk).status == 204)
            #expect(try await bench.read(id).bytes == sealed)
        }
    }

    @Test("files without rows, rows without files and what is over are swept; persistent ones stay")
    func sweep() async throws {
        try await HTTPBench.run { bench in
            let ids = (1...4).map { bench.blobID(UInt8($0)) }
            for (index, id) in ids.enumerated() {
                _ = try await bench.create(id, size: 40, persistent: index == 3)
                _ = try await bench.append(Self.bytes(40), to: id, at: 0)
            }
            try await bench.stop()
            let orphan = bench.blobPath(bench.blobID(9))
            try Data([1]).write(to: URL(filePath: orphan))
            try FileManager.default.removeItem(atPath: bench.blobPath(ids[0]))
            try bench.change("UPDATE blob SET expires_at = 5 WHERE id = '\(ids[1])'")
            try await bench.start()
            #expect(!FileManager.default.fileExists(atPath: orphan))
            try await eventually("what is over is deleted") {
                !FileManager.default.fileExists(atPath: bench.blobPath(ids[1]))
            }
            for id in ids[...1] { #expect(try await bench.read(id).status == 404) }
            for id in ids[2...] { #expect(try await bench.read(id).bytes == Self.bytes(40)) }
            let kept = try await bench.create(ids[3], size: 40, persistent: true)
            #expect(kept.json["expires_at"] == .null && kept.offset == 40)
            // Its owner finds the one that was lost gone, and sends it again.
            let lost = try await bench.create(ids[0], size: 40)
            #expect(lost.status == 201 && lost.offset == 0)
        }
    }

    @Test(
        "where the server's disk is full nothing that was told is lost, and it goes on when there is room",
        .enabled(if: SmallDisk.isAvailable, "only root may mount a small disk"))
    func diskFull() async throws {
        let disk = try SmallDisk(bytes: 4 << 20)
        try await HTTPBench.run { bench in
            try await bench.stop()
            try FileManager.default.createSymbolicLink(
                atPath: bench.data.file("blobs"), withDestinationPath: disk.path)
            try await bench.start()
            let large = try await bench.create(bench.blobID(2), size: 100 * Self.chunk)
            #expect(large.status == 507 && large.code == "storage_full")
            #expect(large.json["error"]["detail"]["needed"] == .integer(Int64(100 * Self.chunk)))
            let (id, sealed) = (bench.blobID(), Self.bytes(40 * Self.chunk))
            _ = try await bench.create(id, size: sealed.count)
            #expect(try await bench.append(Array(sealed[..<Self.chunk]), to: id, at: 0).status == 204)
            try disk.occupy(bytes: 3 << 20)
            let full = try await bench.append(Array(sealed[Self.chunk...]), to: id, at: Self.chunk)
            #expect(full.status == 507 && full.code == "storage_full" && full.json["error"]["retryable"] == .bool(true))
            let offset = Int(try #require(try await bench.create(id, size: sealed.count).offset))
            #expect(offset >= Self.chunk && offset < sealed.count && offset % Self.chunk == 0)
            try disk.release()
            #expect(try await bench.append(Array(sealed[offset...]), to: id, at: offset).status == 204)
            #expect(try await bench.read(id).bytes == sealed)
        }
    }

    @Test("bytes taken and handed out, and what is kept, are counted")
    func figures() async throws {
        try await HTTPBench.run { bench in
            let id = bench.blobID()
            _ = try await bench.create(id, size: 5000)
            _ = try await bench.append(Self.bytes(5000), to: id, at: 0)
            _ = try await bench.read(id)
            let figures = Figures(String(decoding: try await bench.call(.GET, "/metrics").bytes, as: UTF8.self))
            #expect(figures["kin_server_blob_bytes_total{direction=\"in\"}"] == 5000)
            #expect(figures["kin_server_blob_bytes_total{direction=\"out\"}"] == 5000)
            #expect(figures["kin_server_blobs"] == 1)
            #expect(figures["kin_server_blobs_bytes"] == 5000)
        }
    }
}
