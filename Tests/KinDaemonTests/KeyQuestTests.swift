import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinDaemon

/// Who is asked for a key, and when.
@Suite struct KeyQuestTests {
    private let members = (1...4).map { ULID(milliseconds: Int64($0), randomness: [UInt8](repeating: 1, count: 10)) }
    private let want = KeyQuest.Want(topic: .everybody)

    @Test("one is asked at a time; the next once it has said that it has none, or says nothing")
    func oneAtATime() {
        var quest = KeyQuest()
        quest.want(want, now: 0)
        #expect(quest.next(now: 0) { _ in members }.map(\.member) == [members[0]])
        #expect(quest.next(now: 100) { _ in members }.isEmpty)
        quest.none(from: members[0], of: .everybody)
        #expect(quest.next(now: 100) { _ in members }.map(\.member) == [members[1]])
        #expect(quest.next(now: 2_000) { _ in members }.isEmpty)
        #expect(quest.next(now: 2_100) { _ in members }.map(\.member) == [members[2]])
    }

    @Test("whoever posted is asked first, and nobody twice within a minute but who has just come")
    func order() {
        var quest = KeyQuest()
        let epoch = KeyQuest.Want(topic: .everybody, epoch: Epoch(counter: 1, minter: members[3]))
        quest.want(epoch, preferring: [members[2], members[3]], now: 0)
        var asked: [ULID] = []
        for turn in 0..<6 {
            for question in quest.next(now: Int64(turn) * 2_000, present: { _ in members }) {
                asked.append(question.member)
                #expect(question.get.epoch == epoch.epoch)
            }
        }
        #expect(asked == [members[2], members[3], members[0], members[1]])
        quest.came(members[1])
        #expect(quest.next(now: 12_000) { _ in members }.map(\.member) == [members[1]])
        #expect(quest.next(now: 61_000) { _ in members }.map(\.member) == [members[2]])
    }

    @Test("what is found is not looked for; a key to post with may be minted after a while, that of a post never")
    func minting() {
        var quest = KeyQuest()
        quest.want(want, now: 0)
        quest.want(KeyQuest.Want(topic: .everybody, epoch: Epoch(counter: 1, minter: members[0])), now: 0)
        #expect(quest.mintable(now: 499).isEmpty)
        #expect(quest.mintable(now: 500) == [.everybody])
        quest.found(want)
        #expect(quest.mintable(now: 500).isEmpty && !quest.isEmpty)
    }
}
