import Foundation
import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@testable import KinDaemon

/// What a device knows of topics, over its starts.
@Suite struct TopicBookTests {
    private let folder: TemporaryFolder
    private let installation: Installation
    private let former: MeshID
    private let names: [TopicName]

    init() async throws {
        folder = try TemporaryFolder()
        let wallet = try TestWallet()
        let state = StateFolder(root: folder.file("home"))
        try await Enrolment(state: state, now: TestClock.start).enrol(wallet.file, signer: wallet)
        installation = try Installation(state)
        former = try TestFamily().mesh
        names = try ["open", "mine", "theirs", "left"].map { try TopicName($0).orThrow("a name") }
    }

    private func keep(_ topic: TopicName, joined: Bool = true, creator: ULID? = nil) throws {
        var record = TopicRecord(topic: topic, mesh: former, joined: joined, minEpoch: 2, epoch: 2)
        let me = installation.chain.member
        _ = record.ring.add(
            TopicKey(epoch: Epoch(counter: 2, minter: me), key: .random(count: 32), from: me, at: 1), keeping: 4)
        if let creator {
            let list = TopicList(
                mesh: former, topic: topic, creator: creator, seq: 4, members: creator == me ? [me] : [creator, me],
                member: creator, at: 1,
                signature: [UInt8](repeating: 0, count: 64))
            record.proof = TopicProof(list: list, signer: installation.chain)
        }
        try TopicFile.write(record, in: installation.state)
    }

    @Test(
        "after the wallet has changed a device brings its topics along; whoever made a private one signs its list anew")
    func moves() throws {
        let other = ULID(milliseconds: 9, randomness: [UInt8](repeating: 9, count: 10))
        try keep(names[0])
        try keep(names[1], creator: installation.chain.member)
        try keep(names[2], creator: other)
        try keep(names[3], joined: false)
        try keep(.everybody)
        let book = try TopicBook(installation, logger: .silent, now: TestClock.start)
        #expect(book.all.map(\.topic) == [names[1], names[0]])
        #expect(book.all.allSatisfy { $0.mesh == installation.mesh && $0.joined })
        #expect(book.all.allSatisfy { $0.ring.keys.isEmpty && $0.minEpoch == 0 })
        let proof = try #require(book.record(names[1])?.proof)
        try proof.verify(in: installation.mesh, now: TestClock.start)
        #expect(proof.list.seq == 1 && proof.list.members == [installation.chain.member])
        #expect(book.record(names[0])?.proof == nil)
    }

    @Test("whoever was revoked while a start was not to be finished has keys that are used no more; once is enough")
    func revokedBetweenStarts() throws {
        let me = installation.chain.member
        var record = TopicRecord(topic: names[0], mesh: installation.mesh, joined: true, minEpoch: 2, epoch: 2)
        let key = TopicKey(epoch: Epoch(counter: 2, minter: me), key: .random(count: 32), from: me, at: 1)
        _ = record.ring.add(key, keeping: 4)
        record.revocations = [UInt8](repeating: 9, count: 32)
        try TopicFile.write(record, in: installation.state)
        let book = try TopicBook(installation, logger: .silent, now: TestClock.start)
        #expect(book.record(names[0])?.current == nil && book.record(names[0])?.minEpoch == 3)
        let next = TopicKey(epoch: Epoch(counter: 3, minter: me), key: .random(count: 32), from: me, at: 2)
        try book.change(names[0]) { _ = $0.ring.add(next, keeping: 4) }
        let again = try TopicBook(installation, logger: .silent, now: TestClock.start)
        #expect(again.record(names[0])?.current?.key == next.key)
    }

    @Test("a folder that cannot be read is said as such: nothing is taken for forgotten")
    func unreadableFolder() throws {
        let path = TopicFile.folder(in: installation.state)
        try Data().write(to: URL(filePath: path))
        #expect(throws: (any Error).self) { try TopicFile.readAll(installation.state) }
    }

    @Test("what cannot be written changes nothing; what a broker tells again holds all the same")
    func unwritable() throws {
        let book = try TopicBook(installation, logger: .silent, now: TestClock.start)
        try book.change(names[0]) { $0.joined = true }
        // A file where the folder is.
        let path = TopicFile.folder(in: installation.state)
        try FileManager.default.removeItem(atPath: path)
        try Data().write(to: URL(filePath: path))
        #expect(throws: (any Error).self) { try book.change(names[0]) { $0.minEpoch = 7 } }
        #expect(book.record(names[0])?.minEpoch == 0)
        book.note(names[0]) { $0.minEpoch = 7 }
        #expect(book.record(names[0])?.minEpoch == 7)
    }
}
