import KinWire

/// Where a copy begins or ends, as it is typed: `./build.tar` here, `kiosk:/tmp/` on another machine, `kiosk:` its home folder.
enum CopyPlace: Hashable, Sendable {
    case near(String)
    /// - path: absolute, `~`, or relative to the home folder there.
    case far(DeviceName, path: String)

    /// What is before the first colon is a machine, unless a `/` is before that or nothing is: `./a:b` and `:b` are files here.
    /// - Throws: `place_invalid`.
    init(_ text: String) throws(KinError) {
        // By bytes: a colon with a combining mark behind it is still a colon.
        let bytes = Array(text.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            !bytes[..<colon].contains(UInt8(ascii: "/"))
        else {
            guard !text.isEmpty else {
                throw KinError(
                    "place_invalid", "an empty name is no file: name one, as ./build.tar or kiosk:/tmp/",
                    category: .usage)
            }
            self = .near(text)
            return
        }
        let name = String(decoding: bytes[..<colon], as: UTF8.self)
        let path = String(decoding: bytes[(colon + 1)...], as: UTF8.self)
        if name.utf8.count == 1, path.utf8.first == UInt8(ascii: "\\") { throw Self.windows(text) }
        guard let device = DeviceName(name) else { throw Self.noDevice(name, text) }
        self = .far(device, path: path.isEmpty ? "~" : path)
    }

    private static func windows(_ text: String) -> KinError {
        KinError(
            "place_invalid",
            "\(text) looks like a path of Windows: a file of that name here is ./\(text), one on a machine is written with /",
            category: .usage)
    }

    private static func noDevice(_ name: String, _ text: String) -> KinError {
        KinError(
            "place_invalid",
            "\(name) is no name of a machine (1 to 63 of a-z 0-9 and -, not all or head): a file of that name here is written ./\(text)",
            category: .usage)
    }

    /// As it can be typed again.
    var text: String {
        switch self {
        case .near(let path): path
        case .far(let device, let path): "\(device):\(path)"
        }
    }
}

/// The parts of a path, by its bytes: to Swift a `/` with a combining mark behind it is another character.
enum CopyPath {
    private static let slash = UInt8(ascii: "/")

    /// The last component; nil where it names no entry of a folder (`/`, `.`, `..`, `~`): then its content is meant.
    static func name(_ path: String) -> String? {
        guard let last = path.utf8.split(separator: slash).last.map({ String(decoding: Array($0), as: UTF8.self) }),
            ![".", "..", "~"].contains(last)
        else { return nil }
        return last
    }

    /// Whether it says that it is a folder.
    static func endsAsFolder(_ path: String) -> Bool { path.utf8.last == slash }

    static func join(_ folder: String, _ name: String) -> String {
        folder.isEmpty || endsAsFolder(folder) ? folder + name : folder + "/" + name
    }

    /// The path and every folder it lies in, as far as it is written out, the longest first.
    static func ways(_ path: String) -> [String] {
        let bytes = Array(path.utf8)
        let cuts = bytes.indices.filter { bytes[$0] == slash && $0 > 0 }
        return [path] + cuts.reversed().map { String(decoding: bytes[..<$0], as: UTF8.self) }
    }
}
