import Foundation
import KinTesting
import KinWire
import Testing

@testable import KinMailbox

// Recoveries that are cut off or repeated, and damage that is met while the outbox is in use.

extension OutboxRecoveryTests {
    struct Crash: Error {}

    @Test(
        "a crash at any step leaves the outbox as it was or as it is to be",
        arguments: OutboxRecovery.Step.allCases, [false, true])
    func crash(at step: OutboxRecovery.Step, startsUp: Bool) async throws {
        try await fill()
        try zero(DatabasePages.tableLeaf, holding: "body of m150\"")
        let damaged = try Data(contentsOf: URL(filePath: files.outbox))
        #expect(throws: Crash.self) {
            try recover { passed in if passed == step { throw Crash() } }
        }
        let isMade = ![.begun, .filled].contains(step)
        let damagedFile = files.outbox + ".corrupt-20261121T100312Z"
        if startsUp {
            // Who starts the daemon next is refused, or finds it recovered.
            do {
                let store = try files.openOutbox()
                #expect(isMade && store.line == Self.newLine)
                #expect(store.finishedRecovery == (step == .replaced ? nil : damagedFile))
                store.close()
            } catch let error as KinError {
                #expect(!isMade && error.code == "store_corrupt")
            }
        }
        switch try recover() {
        case .recovered: #expect(!isMade)
        case .sound(let messages):
            #expect(isMade && messages == Self.count && (startsUp || step == .replaced))
        case .finished(let messages, let file):
            #expect(isMade && messages == Self.count && !startsUp && step != .replaced && file == damagedFile)
        case .none: Issue.record("the outbox is gone")
        }
        let store = try files.openOutbox()
        #expect(store.line == Self.newLine)
        #expect(try store.row(Sample.id("m299"))?.status == .pending)
        store.close()
        #expect(try names() == ["outbox.db.corrupt-20261121T100312Z"])
        let kept = try Data(contentsOf: URL(filePath: files.outbox + ".corrupt-20261121T100312Z"))
        #expect(kept == damaged || (startsUp && !isMade), "opening a file for use writes to it")
    }

    @Test("a second recovery within the second keeps the first one's file")
    func twice() async throws {
        try await fill()
        for text in ["body of m150\"", "body of m250\""] {
            try zero(DatabasePages.tableLeaf, holding: text)
            _ = try report()
        }
        #expect(
            try names() == ["outbox.db.corrupt-20261121T100312Z", "outbox.db.corrupt-20261121T100312Z-2"])
    }

    @Test("a recovered outbox that somebody set aside is left there")
    func setAside() async throws {
        try await fill()
        try zero(DatabasePages.tableLeaf, holding: "body of m150\"")
        #expect(throws: Crash.self) { try recover { if $0 == .setAside { throw Crash() } } }
        let recovered = files.outbox + ".recovered-20261121T100312Z"
        try FileManager.default.moveItem(atPath: recovered, toPath: recovered + ".before-remint-20261121T100400Z")
        let store = try files.openOutbox()
        #expect(try store.depth().pending == 0)
        store.close()
    }

    // MARK: Damage in use

    @Test("a damaged row is an error of whoever meets it, and the store's owner hears of it once")
    func inUse() async throws {
        try await fill()
        let store = try files.openOutbox()
        let told = Log<String>()
        store.onDamage { told.add($0.message) }
        try files.write(files.outbox, "UPDATE outbox SET priority = 'x', payload = 5 WHERE client_message_id = 'm200'")
        for _ in 0..<2 {
            let error = #expect(throws: KinError.self) { try store.row(Sample.id("m200")) }
            #expect(error?.code == "store_corrupt" && error?.message.contains("kin daemon recover") == true)
        }
        let error = await #expect(throws: KinError.self) { try await store.accept(Sample.request("m200")) }
        #expect(error?.code == "store_corrupt")
        #expect(told.entries.count == 1 && told.entries[0].contains("kin daemon recover"))
        store.close()
    }

    @Test("an accept that meets damage tells it too")
    func acceptInUse() async throws {
        try await fill()
        let store = try files.openOutbox()
        let told = Log<String>()
        try files.write(files.outbox, "UPDATE outbox SET payload = 5 WHERE client_message_id = 'm200'")
        _ = try? await store.accept(Sample.request("m200"))
        store.onDamage { told.add($0.code) }
        #expect(told.entries == ["store_corrupt"], "also who asks later")
        store.close()
    }
}
