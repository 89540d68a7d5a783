import KinBroker
import KinEncoding
import KinWire

extension BrokerStoreContract {
    /// What is kept of blobs beside their bytes.
    static let blobs = [
        Case("a blob is kept as it was added, and a second one of its id is told what is there") { bench in
            let blob = bench.blob()
            try requireEqual(try await bench.add(blob), .added, "the answer")
            var other = bench.blob()
            other.size = 99
            try requireEqual(try await bench.add(other), .known(blob), "the second answer")
            try bench.reopen()
            try requireEqual(try bench.store.blob(bench.place(blob)), blob, "the blob after a restart")
        },
        Case("a topic's and a persistent blob are kept as such") { bench in
            var blob = bench.blob()
            blob.reader = .topic(try TopicName("builds").orThrow("a topic"))
            blob.isPersistent = true
            blob.expiresAt = nil
            try requireEqual(try await bench.add(blob), .added, "the answer")
            try requireEqual(try bench.store.blob(bench.place(blob)), blob, "the blob")
        },
        Case("how far it came is on disk with the answer; of a blob that is gone it is said so") { bench in
            var blob = bench.blob()
            _ = try await bench.add(blob)
            try require(
                try await bench.store.advanceBlob(bench.place(blob), to: 1000, expiresAt: nil), "the blob is there")
            try bench.reopen()
            blob.offset = 1000
            blob.expiresAt = nil
            try requireEqual(try bench.store.blob(bench.place(blob)), blob, "the blob after a restart")
            try await bench.store.removeBlob(bench.place(blob), expiredBy: nil)
            try requireEqual(try bench.store.blob(bench.place(blob)), nil, "what was deleted")
            try require(
                try await !bench.store.advanceBlob(bench.place(blob), to: 2000, expiresAt: 1), "the blob is gone")
            try requireEqual(try bench.store.blob(bench.place(blob)), nil, "what was deleted before")
        },
        Case("what was to be deleted and was noted anew meanwhile stays") { bench in
            let blob = bench.blob()
            _ = try await bench.add(blob)
            let end = try blob.expiresAt.orThrow("an end")
            try requireEqual(
                try await bench.store.removeBlob(bench.place(blob), expiredBy: end - 1), false, "before its end")
            _ = try await bench.store.advanceBlob(bench.place(blob), to: 1000, expiresAt: nil)
            try requireEqual(
                try await bench.store.removeBlob(bench.place(blob), expiredBy: end), false, "one without an end")
            _ = try await bench.store.advanceBlob(bench.place(blob), to: 2000, expiresAt: end)
            try requireEqual(try await bench.store.removeBlob(bench.place(blob), expiredBy: end), true, "at its end")
        },
        Case("ids are a mesh's own") { bench in
            let blob = bench.blob()
            _ = try await bench.add(blob)
            let wallet = try WalletAddress(bytes: [UInt8](repeating: 3, count: 32)).orThrow("wallet")
            let other = try await bench.store.createMesh(.home(of: wallet), now: StoreBench.now)
            try requireEqual(try bench.store.blob(BlobPlace(mesh: other, id: blob.id)), nil, "in the other mesh")
            try requireEqual(
                try await bench.store.addBlob(blob, in: other, room: 1 << 40), .added, "the other mesh's answer")
            try await bench.store.removeBlob(bench.place(blob), expiredBy: nil)
            try requireEqual(try bench.store.blob(BlobPlace(mesh: other, id: blob.id)), blob, "the other mesh's")
        },
        Case("no more is taken than there is room for, the smallest counted as a file") { bench in
            let (small, large) = (bench.blob(1, size: 40), bench.blob(2, size: 10_000))
            let room = StoredBlob.leastRoom + 9_999
            try requireEqual(try await bench.add(small, room: room), .added, "the small one")
            try requireEqual(try await bench.add(large, room: room), .noRoom(left: 9_999), "the large one")
            try requireEqual(try bench.store.blob(bench.place(large)), nil, "what had no room")
            try requireEqual(try await bench.add(large, room: room + 1), .added, "the large one with room")
            let usage = try bench.store.blobUsage()
            try requireEqual(usage.count, 2, "blobs")
            try requireEqual(usage.bytes, room + 1, "bytes")
        },
        Case("what is over is found, the oldest first, and nothing else") { bench in
            for (index, end) in [5, 1, nil, 9, 3].enumerated() {
                var blob = bench.blob(index)
                blob.expiresAt = end.map { StoreBench.now + Int64($0) }
                _ = try await bench.add(blob)
            }
            let expected = [1, 4, 0].map { bench.place(bench.blob($0)) }
            try requireEqual(try bench.store.expiredBlobs(at: StoreBench.now + 5, limit: 10), expected, "expired")
            try requireEqual(
                try bench.store.expiredBlobs(at: StoreBench.now + 5, limit: 2), Array(expected.prefix(2)), "two of them"
            )
            try requireEqual(try bench.store.expiredBlobs(at: StoreBench.now, limit: 10), [], "before")
        },
    ]
}

extension StoreBench {
    fileprivate func blob(_ number: Int = 0, size: Int64 = 5000) -> StoredBlob {
        StoredBlob(
            id: ULID(milliseconds: Int64(number), randomness: [UInt8](repeating: 1, count: 10)), owner: alice,
            reader: .dm(carol), size: size, isPersistent: false, createdAt: Self.now, expiresAt: Self.now + 7)
    }

    fileprivate func place(_ blob: StoredBlob) -> BlobPlace { BlobPlace(mesh: mesh, id: blob.id) }

    fileprivate func add(_ blob: StoredBlob, room: Int64 = 1 << 40) async throws -> BlobAddition {
        try await store.addBlob(blob, in: mesh, room: room)
    }
}
