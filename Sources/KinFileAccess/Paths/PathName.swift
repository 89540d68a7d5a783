/// One component of a path, byte for byte as the file system has it.
///
/// Never cut from or compared as text: to Swift a `/` with a combining mark behind it is another character, and two spellings of one letter are equal; to the kernel neither is so.
struct PathName: Hashable, Sendable {
    private static let slash = UInt8(ascii: "/")

    /// Ends with a zero, as system calls take it.
    let characters: [CChar]

    static let itself = PathName([UInt8(ascii: ".")])
    static let above = PathName([UInt8(ascii: "."), UInt8(ascii: ".")])

    /// - Parameter bytes: without zero and `/`.
    init(_ bytes: some Collection<UInt8>) { characters = bytes.map { CChar(bitPattern: $0) } + [0] }

    var bytes: [UInt8] { characters.dropLast().map { UInt8(bitPattern: $0) } }

    /// nil where it is not UTF-8.
    var text: String? { String(validating: bytes, as: UTF8.self) }

    /// The components of a path, and a `.` at its end where the path says that it is a folder (`a/`, `a/.`).
    static func components(of path: some Collection<UInt8>) -> [PathName] {
        var names = path.split(separator: slash).map { PathName($0) }
        if let last = path.reversed().first, last == slash, !names.isEmpty, names.last != .itself {
            names.append(.itself)
        }
        return names
    }
}
