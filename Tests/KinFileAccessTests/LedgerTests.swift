import Foundation
import KinTesting
import Testing

@testable import KinFileAccess

/// The file in which folders with parts are noted.
@Suite struct LedgerTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var ledger: PartLedger { PartLedger(file: folder.file("ledger")) }

    @Test("what one notes another sees at once, each folder once, the oldest of too many not any more")
    func shared() {
        let (one, other) = (ledger, ledger)
        for path in ["/a/x", "/b/y", "/a/z", "/top", "name"] { one.note(folderOf: path) }
        #expect(other.all == ["/a", "/b", "/", "~"])
        for number in 0..<1000 { other.note(folderOf: "/\(number)/x") }
        #expect(one.all.count == 1000 && one.all.first == "/0" && one.all.last == "/999")
    }

    @Test("a folder goes only after another look, and where that finds none")
    func forgetting() {
        let ledger = ledger
        for path in ["/a/x", "/b/x"] { ledger.note(folderOf: path) }
        var asked: [String] = []
        ledger.forget(["/a", "/b", "/none"]) { folder in
            asked.append(folder)
            return folder == "/b"
        }
        #expect(asked == ["/a", "/b"] && ledger.all == ["/a"])
    }

    @Test("who notes waits while another process takes folders out, and neither's change is lost")
    func locked() async throws {
        let (one, other) = (ledger, ledger)
        one.note(folderOf: "/a/x")
        let noted = Observed(false)
        var isHeldUp = false
        one.forget(["/a"]) { _ in
            Thread.detachNewThread {
                other.note(folderOf: "/b/x")
                noted.update { $0 = true }
            }
            // What must not happen is given some time to.
            let deadline = Date(timeIntervalSinceNow: 0.3)
            while !noted.value, Date() < deadline { usleep(1000) }
            isHeldUp = !noted.value
            return true
        }
        _ = try await noted.wait { $0 }
        #expect(isHeldUp)
        #expect(one.all == ["/b"])
    }

    @Test("without a file it is kept in memory")
    func inMemory() {
        let ledger = PartLedger(file: nil)
        ledger.note(folderOf: "/a/x")
        #expect(ledger.all == ["/a"] && PartLedger(file: nil).all == [])
        ledger.forget(["/a"]) { _ in true }
        #expect(ledger.all == [])
    }

    @Test("a file that cannot be written costs nothing but what it would have remembered")
    func refused() {
        let ledger = PartLedger(file: folder.file("none/ledger"))
        ledger.note(folderOf: "/a/x")
        #expect(ledger.all == [])
    }
}
