import KinBroker
import KinWire

extension BrokerStoreContract {
    /// Meshes and the chains of their members.
    static let membership = [
        Case("a mesh keeps its key, however often it is created") { bench in
            let again = try await bench.store.createMesh(bench.meshID, now: StoreBench.now + 1)
            try requireEqual(again, bench.mesh, "the key")
            let wallet = try WalletAddress(bytes: [UInt8](repeating: 4, count: 32)).orThrow("wallet")
            let other = try await bench.store.createMesh(.home(of: wallet), now: StoreBench.now)
            try require(other != bench.mesh, "another mesh has another key")
            try requireEqual(try bench.store.loadMeshes().count, 2, "meshes")
        },
        Case("a chain is kept, and the next one of its member replaces it") { bench in
            let first = try bench.chain(of: bench.alice)
            let other = try bench.chain(of: bench.bob, rotations: 6)
            let second = try bench.chain(of: bench.alice, rotations: 1)
            for chain in [first, other, second] { bench.store.put(chain, in: bench.mesh) }
            await bench.flush()
            let meshes = try bench.store.loadMeshes()
            try requireEqual(meshes.map(\.mesh), [bench.meshID], "meshes")
            try requireEqual(Set(meshes[0].chains), [second, other], "chains")
        },
        Case("successions are kept in their order, and replaced together") { bench in
            let handovers = try ["one", "two"].map { _ in try bench.handover() }
            for kept in [[handovers[0]], handovers] {
                let isStored = await withCheckedContinuation { continuation in
                    bench.store.put(kept, in: bench.mesh) { continuation.resume(returning: $0) }
                }
                try require(isStored, "they are on disk")
                try requireEqual(try bench.store.loadMeshes()[0].handovers, kept, "successions")
            }
            try bench.reopen()
            try requireEqual(try bench.store.loadMeshes()[0].handovers, handovers, "successions after a restart")
        },
        Case("of the settings of a mesh the last is kept, and another mesh has none") { bench in
            try requireEqual(try bench.store.loadMeshes()[0].settings, nil, "settings at first")
            let settings = try [1, 2].map { try bench.settings(seq: $0) }
            for kept in settings {
                let isStored = await withCheckedContinuation { continuation in
                    bench.store.put(kept, in: bench.mesh) { continuation.resume(returning: $0) }
                }
                try require(isStored, "they are on disk")
                try requireEqual(try bench.store.loadMeshes()[0].settings, kept, "settings")
            }
            let wallet = try WalletAddress(bytes: [UInt8](repeating: 4, count: 32)).orThrow("wallet")
            _ = try await bench.store.createMesh(.home(of: wallet), now: StoreBench.now)
            try bench.reopen()
            for stored in try bench.store.loadMeshes() {
                let kept = stored.key == bench.mesh ? settings[1] : nil
                try requireEqual(stored.settings, kept, "settings of \(stored.mesh) after a restart")
            }
        },
    ]

    /// Restarts and the end.
    static let lifetime = [
        Case("everything is there after a restart") { bench in
            let ids = try await bench.storeAll((0..<3).map { try bench.submission("m\($0)") })
            bench.store.put(try bench.chain(of: bench.alice), in: bench.mesh)
            await bench.advance(to: [0, ids[0], 0])
            try bench.reopen()
            let mesh = try bench.store.loadMeshes().first.orThrow("mesh")
            try requireEqual(mesh.key, bench.mesh, "the mesh's key")
            try requireEqual(mesh.chains.map(\.member), [bench.alice], "members")
            try requireEqual(try bench.store.positions(of: bench.carol, in: bench.mesh), [0, ids[0], 0], "positions")
            try requireEqual(try bench.pending(after: ids[0]).count, 2, "messages that wait")
            let again = try await bench.accept([bench.submission("m1")], now: StoreBench.now + 1)
            try requireEqual(again, [.duplicate(id: ids[1], firstSeenAt: StoreBench.now)], "a known id")
        },
        Case("ids go on rising after a restart") { bench in
            let before = try await bench.storeAll([bench.submission("before")])
            try bench.reopen()
            let after = try await bench.storeAll([bench.submission("after")])
            try require(after[0] > before[0], "\(after) is above \(before)")
        },
        Case("closing finishes what was queued") { bench in
            let answers = Journal<Acceptance>()
            for turn in 0..<100 {
                bench.store.accept(
                    [try bench.submission("m\(turn)")], from: bench.alice, in: bench.mesh, wary: bench.isWary,
                    now: StoreBench.now
                ) { _ in
                    nil
                } completion: {
                    answers.add($0[0])
                }
            }
            bench.store.advance(bench.carol, in: bench.mesh) { [0, 1, 0] }
            try bench.reopen()
            let stored = answers.entries.filter { if case .stored = $0 { true } else { false } }
            try requireEqual(stored.count, 100, "sends answered as stored")
            try requireEqual(try bench.pending().count, 100, "messages after the restart")
            try requireEqual(try bench.store.positions(of: bench.carol, in: bench.mesh), [0, 1, 0], "positions")
        },
        Case("it says whether sends can be stored") { bench in
            try await bench.store.checkWritable()
            bench.store.close()
            do { try await bench.store.checkWritable() } catch { return }
            throw ContractViolation(description: "a closed store says that it can be written")
        },
        Case("after closing, a send is refused and may be sent again") { bench in
            bench.store.close()
            let answers = try await bench.accept([bench.submission("m")])
            guard case .refused(let refusal) = answers.first, refusal.retryable else {
                throw ContractViolation(description: "\(answers)")
            }
            try bench.reopen()
            try await bench.storeAll([bench.submission("m")])
        },
    ]
}
