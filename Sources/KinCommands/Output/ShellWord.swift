/// Text as one word of a shell, quoted where it has to be.
struct ShellWord: CustomStringConvertible {
    private static let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@%,=")

    let text: String

    init(_ text: String) { self.text = text }

    var description: String {
        guard text.isEmpty || text.contains(where: { !Self.plain.contains($0) }) else { return text }
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
