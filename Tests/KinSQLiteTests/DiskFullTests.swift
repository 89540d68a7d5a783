import GRDB
import KinSQLite
import KinTesting
import Testing

@Suite(.enabled(if: SmallDisk.isAvailable, "only root may mount a small disk"))
struct DiskFullTests {
    @Test("a full disk is said as such, reads go on, nothing is lost, and writes resume when there is room")
    func fullAndBack() async throws {
        let disk = try SmallDisk(bytes: 4 << 20)
        let path = disk.file("notes.db")
        let database = try Notes.open(path)
        try disk.occupy(bytes: 2 << 20)

        var stored: [String] = []
        var failure: StoreError?
        for turn in 0..<200 where failure == nil {
            let text = "\(turn)" + String(repeating: "x", count: 40_000)
            do {
                _ = try await database.writer.write { db in try Notes.add(text)(db) }
                stored.append(text)
            } catch let error as StoreError { failure = error }
        }
        #expect(failure?.code == .full)
        #expect(failure?.code.rawValue == "storage_full")
        #expect(stored.count > 5)
        #expect(try database.read(Notes.texts) == stored)

        try disk.release()
        _ = try await database.writer.write { db in try Notes.add("after")(db) }
        #expect(try database.read(Notes.texts) == stored + ["after"])
        database.close()
        let reopened = try Notes.open(path, checkingIntegrity: true)
        #expect(try reopened.read(Notes.texts) == stored + ["after"])
        reopened.close()
    }

    @Test("where a group does not fit, none of it is stored and all of it is told")
    func wholeGroup() async throws {
        let disk = try SmallDisk(bytes: 4 << 20)
        let database = try Notes.open(disk.file("notes.db"))
        let (entered, leave) = (Latch(), Latch())
        database.writer.submit { _ in
            entered.open()
            leave.wait()
        }
        entered.wait()
        async let small: Void = database.writer.write { db in try Notes.add("small")(db) }
        async let large: Void = database.writer.write { db in
            for turn in 0..<8 { try Notes.add("\(turn)" + String(repeating: "x", count: 1 << 20))(db) }
        }
        leave.open()
        var codes: [StoreError.Code] = []
        do { try await large } catch let error as StoreError { codes.append(error.code) }
        do { try await small } catch let error as StoreError { codes.append(error.code) }
        #expect(codes.first == .full)
        let texts = try database.read(Notes.texts)
        #expect(texts == (codes.count == 2 ? [] : ["small"]), "what was answered without error is there, else not")
        database.close()
    }
}
