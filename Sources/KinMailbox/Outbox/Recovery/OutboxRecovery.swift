import Foundation
import GRDB
import KinEncoding
import KinSQLite
import KinWire

/// Saves what can be read of a damaged outbox into a fresh one (`kin daemon recover`).
///
/// The fresh file is written beside the damaged one and gets a name of its own once it is whole, `outbox.db.recovered-<time>`. With that the recovery is made: whoever
/// opens the outbox next finishes it, so that a crash leaves the outbox as it was, or as it is to be. Nobody may have it open meanwhile.
public struct OutboxRecovery: Sendable {
    public enum Outcome: Hashable, Sendable {
        /// There is no outbox.
        case none
        /// Nothing is wrong with it, and nothing was changed.
        case sound(messages: Int)
        case recovered(Report)
        /// Of an earlier recovery, which was made and cut off, the last step was left.
        case finished(messages: Int, damagedFile: String)
    }

    public struct Report: Hashable, Sendable {
        public var saved: [OutboxRow.Status: Int] = [:]
        /// Those whose ids are known, oldest first. Their ids stay taken.
        public var lost: [LostRow] = []
        /// Rows that could not be read, as far as is known.
        public var lostCount = 0
        /// There may be more.
        public var isLowerBound = false
        /// The damaged file, where it is now.
        public var damagedFile = ""

        public var savedCount: Int { saved.values.reduce(0, +) }
    }

    /// What happens to the files, in order.
    enum Step: CaseIterable {
        case begun, filled, named, setAside, replaced
    }

    private static let begunSuffix = ".recovering"
    private static let recoveredSuffix = ".recovered-"
    private static let corruptSuffix = ".corrupt-"

    private let path: String
    /// Milliseconds.
    private let now: Int64
    private let line: [UInt8]
    /// Called after each step.
    private let passed: @Sendable (Step) throws -> Void

    /// - Parameters:
    ///   - now: milliseconds.
    ///   - line: 8 random bytes.
    public init(_ path: String, now: Int64, line: [UInt8]) {
        self.init(path, now: now, line: line) { _ in }
    }

    init(_ path: String, now: Int64, line: [UInt8], passed: @escaping @Sendable (Step) throws -> Void) {
        self.path = path
        self.now = now
        self.line = line
        self.passed = passed
    }

    /// - Parameter startAfresh: begins an empty outbox where no message at all can be read.
    /// - Throws: `nothing_readable` where none can be, and `startAfresh` is not set; `store_…`. Then the outbox is as it was.
    public func run(startAfresh: Bool) throws -> Outcome {
        do {
            let finished = try Self.finish(path)
            guard DatabaseFiles(path).exist else { return .none }
            // Opened, an empty file would lose its log.
            let isEmpty = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int == 0
            let salvage = isEmpty ? nil : try OutboxSalvage(path)
            defer { salvage?.close() }
            if let messages = try salvage?.soundCount() {
                return finished.map { .finished(messages: messages, damagedFile: $0) } ?? .sound(messages: messages)
            }
            var report = try fill(from: salvage, evenEmpty: startAfresh)
            salvage?.close()
            report.damagedFile = try replace()
            return .recovered(report)
        } catch let error as StoreError {
            // Half of a fresh file is of use to nobody, and the disk may need the room.
            try? begun.remove()
            throw Self.kinError(error)
        } catch let error as KinError {
            try? begun.remove()
            throw error
        }
    }

    private static func kinError(_ error: StoreError) -> KinError {
        guard error.code == .full else { return KinError(outbox: error) }
        return KinError(
            error.code.rawValue,
            "\(error.message): a second outbox must fit beside the damaged one; make room and run it again",
            category: .exhausted)
    }

    /// The fresh file until it is whole.
    private var begun: DatabaseFiles { DatabaseFiles(path + Self.begunSuffix) }

    // MARK: The fresh file

    private func fill(from salvage: OutboxSalvage?, evenEmpty: Bool) throws -> Report {
        try begun.remove()
        let database = try DurableDatabase(path: begun.path, migrator: OutboxSchema.migrator { line })
        let report: Report
        do {
            defer { database.close() }
            try passed(.begun)
            report = try copy(salvage, to: FreshOutbox(database, line: line, now: now), evenEmpty: evenEmpty)
        }
        try begun.becomeOneFile()
        try passed(.filled)
        return report
    }

    private func copy(_ salvage: OutboxSalvage?, to fresh: FreshOutbox, evenEmpty: Bool) throws -> Report {
        guard let salvage else {
            guard evenEmpty else { throw nothingReadable }
            return Report(isLowerBound: true)
        }
        let index = salvage.index()
        var contradicted: [LostRow] = []
        let scan = try salvage.rows { row in
            // A letter of an id that is another one looks like an id. Which of the two is true cannot be known: both are taken.
            if index.contradicts(row.row) {
                contradicted.append(LostRow(id: row.row.clientMessageID, lane: nil, rowID: row.row.id))
            } else {
                try fresh.add(row)
            }
        }
        try fresh.flush()
        let lost = salvage.lost(index, saved: fresh.ids)
        let isKnown = scan.isComplete || index.isComplete
        let sequence = salvage.sequence()
        // Rows are never deleted: where neither rows nor index can be read to the end the numbers tell how many there were.
        let missing = isKnown ? 0 : Int(sequence ?? 0) - fresh.savedCount
        let lostCount = max(lost.count, scan.invalid + contradicted.count + fresh.doubles, missing)
        guard fresh.savedCount > 0 || (isKnown && lostCount == 0) || evenEmpty else { throw nothingReadable }
        try fresh.finish(
            lost: lost, contradicted: contradicted, sequence: sequence, brokerStore: salvage.brokerStore())
        return Report(saved: fresh.saved, lost: lost, lostCount: lostCount, isLowerBound: !isKnown)
    }

    private var nothingReadable: KinError {
        KinError(
            "nothing_readable",
            "no message in \(path) can be read: put a backup in its place, or run  kin daemon recover --start-afresh , which keeps the damaged file beside an empty outbox"
        )
    }

    // MARK: The names

    /// - Returns: where the damaged file is now.
    private func replace() throws -> String {
        let mark = freeMark
        try begun.move(to: path + Self.recoveredSuffix + mark)
        try passed(.named)
        try DatabaseFiles(path).move(to: path + Self.corruptSuffix + mark)
        try passed(.setAside)
        try Self.finish(path)
        try passed(.replaced)
        return path + Self.corruptSuffix + mark
    }

    /// Finishes a recovery that was made and cut off before its file was in its place.
    /// - Returns: where the damaged file is; nil where there was none.
    /// - Throws: `StoreError`.
    @discardableResult
    public static func finish(_ path: String) throws -> String? {
        guard let mark = recovered(path) else { return nil }
        try DatabaseFiles(path).move(to: path + corruptSuffix + mark)
        try DatabaseFiles(path + recoveredSuffix + mark).move(to: path)
        return path + corruptSuffix + mark
    }

    /// The mark of a recovery that was made and not finished. A name that goes on behind it was given by who set the file aside.
    private static func recovered(_ path: String) -> String? {
        let (folder, name) = ((path as NSString).deletingLastPathComponent, (path as NSString).lastPathComponent)
        let prefix = name + recoveredSuffix
        // A folder that cannot be read is named by whoever opens the file.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
            .filter { $0.wholeMatch(of: /\d{8}T\d{6}Z(-\d+)?/) != nil }.min()
    }

    /// `20261121T100312Z`, with a number behind it where an earlier file has it.
    private var freeMark: String {
        let date = Date(timeIntervalSince1970: Double(now / 1000))
        let time = date.formatted(.iso8601.dateSeparator(.omitted).timeSeparator(.omitted))
        var (mark, number) = (time, 2)
        while DatabaseFiles(path + Self.corruptSuffix + mark).exist {
            mark = "\(time)-\(number)"
            number += 1
        }
        return mark
    }
}
