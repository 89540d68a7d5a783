import KinWire

/// A path as somebody asked for it: absolute, `~`, `~/…`, or relative to the home folder. Nothing was looked up yet.
struct RequestedPath: Sendable {
    /// Bytes, as the system's own limit.
    static let maxBytes = 4096

    /// For people.
    let text: String
    /// From `/` on.
    let names: [PathName]

    /// - Parameter home: the components of the home folder.
    /// - Throws: `path_invalid`.
    init(_ text: String, home: [PathName]) throws(KinError) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.maxBytes, !bytes.contains(0) else { throw FileFault.invalid(text) }
        self.text = text.isEmpty ? "~" : text
        let tilde = UInt8(ascii: "~")
        let slash = UInt8(ascii: "/")
        if bytes.first == slash {
            names = PathName.components(of: bytes)
        } else if bytes == [tilde] || bytes.starts(with: [tilde, slash]) {
            names = home + PathName.components(of: bytes.dropFirst())
        } else {
            names = home + PathName.components(of: bytes)
        }
    }

    private init(text: String, names: [PathName]) {
        self.text = text
        self.names = names
    }

    /// The same without the `/` at its end: for what is to become a folder.
    var withoutFolderMark: RequestedPath {
        RequestedPath(text: text, names: names.last == .itself && names.count > 1 ? names.dropLast() : names)
    }
}
