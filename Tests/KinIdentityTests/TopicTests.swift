import Foundation
import KinCrypto
import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinIdentity

/// Keys of topics, their file, and the lists of private ones.
@Suite struct TopicTests {
    private let low = ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10))
    private let high = ULID(milliseconds: 2, randomness: [UInt8](repeating: 2, count: 10))

    private func key(_ counter: Int64, _ minter: ULID, from: ULID? = nil, at: Int64 = 0) -> TopicKey {
        TopicKey(epoch: Epoch(counter: counter, minter: minter), key: .random(count: 32), from: from ?? minter, at: at)
    }

    @Test("the highest counter is used, and of two minters the lower")
    func current() {
        var ring = TopicKeyring()
        let keys = [key(1, low), key(2, high), key(2, low), key(3, high)]
        for key in keys {
            let isNew = ring.add(key, keeping: 8)
            #expect(isNew)
        }
        #expect(ring.current(from: 0, through: 2)?.key == keys[2].key)
        #expect(ring.current(from: 0, through: 9)?.key == keys[3].key)
        #expect(ring.current(from: 4, through: 9) == nil)
        let isNew = ring.add(keys[0], keeping: 8)
        #expect(!isNew, "it is known")
    }

    @Test("whoever minted a key is believed before others, who cannot keep it out; no more than four tell of one epoch")
    func candidates() {
        var ring = TopicKeyring()
        let hearsay = key(1, low, from: high, at: 1)
        let told = key(1, low, at: 2)
        for key in [hearsay, told] { _ = ring.add(key, keeping: 8) }
        #expect(ring.candidates(for: told.epoch).map(\.key) == [told.key, hearsay.key])
        #expect(ring.current(from: 1, through: 1)?.key == told.key)
        for turn in 3...9 { _ = ring.add(key(1, low, from: high, at: Int64(turn)), keeping: 8) }
        #expect(ring.candidates(for: told.epoch).count == 2, "one for each who tells of it")
        var flooded = TopicKeyring()
        for turn in 3...20 {
            let liar = ULID(milliseconds: Int64(turn), randomness: [UInt8](repeating: 7, count: 10))
            _ = flooded.add(key(1, low, from: liar, at: Int64(turn)), keeping: 8)
        }
        let isKept = flooded.add(told, keeping: 8)
        #expect(isKept && flooded.candidates(for: told.epoch).first?.key == told.key)
        #expect(flooded.candidates(for: told.epoch).count == TopicKeyring.maxCandidates)
    }

    @Test("so many old counters are kept as are asked for, and a still older one is not taken")
    func retention() {
        var ring = TopicKeyring()
        for counter in 1...10 { _ = ring.add(key(Int64(counter), low), keeping: 3) }
        #expect(ring.keys.map(\.epoch.counter) == [7, 8, 9, 10])
        let isKept = ring.add(key(2, high), keeping: 3)
        #expect(!isKept)
    }

    @Test("keys and numbers that nobody can have come to are not taken: they would push out those in use")
    func impossible() throws {
        var record = TopicRecord(topic: .everybody, mesh: try TestFamily().mesh, joined: true, minEpoch: 3, epoch: 3)
        let used = key(3, low)
        let isKept = record.take(used, keeping: 16)
        #expect(isKept)
        for counter in 0..<40 {
            for far in [12 + Int64(counter), (1 << 53) - 1 - Int64(counter)] {
                let isTaken = record.take(key(far, high), keeping: 16)
                #expect(!isTaken)
            }
        }
        #expect(record.current?.key == used.key)
        record.note(minEpoch: (1 << 53) - 1, epoch: (1 << 53) - 1)
        #expect(record.minEpoch == 3 + TopicRights.maxAhead && record.epoch == 3 + TopicRights.maxAhead)
    }

    @Test("a topic's file holds what was known, 0600, and a damaged one says what to do")
    func file() throws {
        let folder = try TemporaryFolder()
        let state = StateFolder(root: folder.file("home"))
        try state.prepare()
        let mesh = try TestFamily().mesh
        for name in ["alerts", ".", ".."] {
            let topic = try TopicName(name).orThrow("a name")
            var record = TopicRecord(topic: topic, mesh: mesh, joined: true, minEpoch: 2, epoch: 3)
            for key in [key(2, low), key(3, high, from: low, at: 7)] { _ = record.ring.add(key, keeping: 8) }
            try TopicFile.write(record, in: state)
            #expect(try TopicFile.read(topic, in: state) == record)
        }
        #expect(try TopicFile.readAll(state).map(\.topic.description).sorted() == [".", "..", "alerts"])
        let path = TopicFile.folder(in: state) + "/alerts.json"
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        try Data("{}".utf8).write(to: URL(filePath: path))
        let error = #expect(throws: KinError.self) { try TopicFile.readAll(state) }
        #expect(error?.code == "file_damaged")
    }

    @Test("the list of a private topic is believed of its creator and of owners, and of nobody else")
    func lists() async throws {
        let family = try TestFamily()
        let owner = try await family.device()
        let machine = try family.device(issuedBy: owner, role: .machine)
        let other = try family.device(issuedBy: owner, role: .machine)
        let topic = try TopicName("plans").orThrow("a name")
        func proof(by device: TestDevice, creator: TestDevice, at: Int64 = TestClock.start) -> TopicProof {
            let list = TopicList(
                mesh: family.mesh, topic: topic, creator: creator.member, seq: 1, members: [device.member],
                member: device.member, at: at)
            return TopicProof(list: list.signed(by: device.keys.signing), signer: device.chain)
        }
        let now = TestClock.start
        try proof(by: machine, creator: machine).verify(in: family.mesh, now: now)
        try proof(by: owner, creator: machine).verify(in: family.mesh, now: now)
        let table: [(TopicProof, TopicFault)] = [
            (proof(by: other, creator: machine), .notEntitled),
            (proof(by: machine, creator: machine, at: now + 600_000), .wrongTime),
            (proof(by: machine, creator: machine, at: now - 1), .wrongTime),
            (TopicProof(list: proof(by: machine, creator: machine).list, signer: owner.chain), .signerInvalid),
        ]
        for (proof, fault) in table {
            #expect(throws: fault) { try proof.verify(in: family.mesh, now: now) }
        }
        var changed = proof(by: machine, creator: machine)
        changed.list.members.append(other.member)
        #expect(throws: TopicFault.badSignature) { try changed.verify(in: family.mesh, now: now) }
        #expect(throws: TopicFault.wrongMesh) {
            try proof(by: machine, creator: machine).verify(in: try TestFamily().mesh, now: now)
        }
    }
}
