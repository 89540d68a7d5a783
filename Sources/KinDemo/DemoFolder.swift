import Foundation
import KinIdentity
import KinWire

/// A fresh private folder with a home for each device and a place for the server.
struct DemoFolder: Sendable {
    let root: String

    /// - Throws: `demo_folder`.
    init(environment: [String: String]) throws {
        let parent = environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        var template = Array("\(parent)/kin-demo-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw KinError("demo_folder", "no folder can be made in \(parent): set TMPDIR to one that is yours")
        }
        root = template.withUnsafeBufferPointer {
            String(decoding: $0.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        for part in DemoPart.allCases { try StateFolder.prepareFolder(path(of: part)) }
    }

    func path(of part: DemoPart) -> String { "\(root)/\(part.folder)" }

    func log(of part: DemoPart) -> String { "\(root)/\(part.folder).log" }

    func state(of part: DemoPart) -> StateFolder { StateFolder(root: path(of: part)) }

    /// What a part wrote last to its standard error.
    func lastLines(of part: DemoPart, count: Int = 5) -> [String] {
        guard let log = FileManager.default.contents(atPath: log(of: part)) else { return [] }
        return String(decoding: log.suffix(8192), as: UTF8.self).split(separator: "\n").suffix(count).map(String.init)
    }

    func remove() { try? FileManager.default.removeItem(atPath: root) }
}
