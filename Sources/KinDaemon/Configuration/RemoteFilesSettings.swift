/// `[fs]` of `config.toml`: what of this machine's files others of the family reach.
public struct RemoteFilesSettings: Hashable, Sendable {
    /// `roots`: absolute paths, `~` or `~/…`; nil: the home folder and `/tmp`.
    public private(set) var roots: [String]?

    static let keys = ["roots"]

    public init() {}

    init(_ table: SettingsTable) throws {
        let form = "a list of folders in quotes, each absolute, ~ or ~/…; [] opens none"
        roots = try table.strings("roots", form)
        for root in roots ?? [] where !(root.hasPrefix("/") || root == "~" || root.hasPrefix("~/")) {
            throw table.invalid("roots", item: root, "\(root) is none: roots is \(form)")
        }
    }

    /// - Parameter home: the user's home folder.
    func roots(home: String) -> [String] {
        (roots ?? ["~", "/tmp"]).map { $0.hasPrefix("~") ? home + $0.dropFirst() : $0 }
    }
}
