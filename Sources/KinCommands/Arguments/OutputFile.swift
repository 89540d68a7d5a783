import ArgumentParser
import Foundation
import KinCrypto
import KinIdentity
import KinWire

/// A file that a command writes, private to the user. One that is there is left alone unless the user says otherwise.
struct OutputFile: ParsableArguments {
    @Option(
        name: .customLong("out"), help: ArgumentHelp("Write this file (0600).", valueName: "file"), completion: .file())
    var name: String?

    @Flag(help: "Write it though it is there already.")
    var replace = false

    /// - Parameter input: the file that was read, which may be written again.
    /// - Returns: its path; nil where none was named.
    /// - Throws: `file_exists`.
    func path(_ context: CommandContext, besides input: String? = nil) throws -> String? {
        guard let name else { return nil }
        let path = context.path(name)
        guard replace || name == input || !FileManager.default.fileExists(atPath: path) else {
            throw KinError(
                "file_exists", "\(name) is there already: name another file, or add --replace", category: .conflict)
        }
        return path
    }
}
