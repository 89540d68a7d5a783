import Foundation

/// The command line of `kin-fuzz`, whole: a word that is not known is an error, never passed over.
struct Options {
    static let help = """
        kin-fuzz feeds every parser damaged bytes (Fuzz/README.md).

          kin-fuzz [--seconds N] [--seed N] [--target NAME] [--corpus FOLDER] [--findings FOLDER]
              N seconds for all targets together (60), with this seed (1); of one target, or of all
          kin-fuzz --target NAME --input FILE
              one input, in this process: says whether it is read or refused
          kin-fuzz --list
              the names of the targets
          kin-fuzz --link-peer
              one side of a link or a pairing on standard input and output, for another implementation (Interop)
        """

    private(set) var target: String?
    private(set) var seconds = 60.0
    private(set) var seed: UInt64 = 1
    private(set) var corpus = "Fuzz/corpus"
    private(set) var findings = "Fuzz/findings"
    private(set) var input: String?
    /// Where the child, which the parent starts, keeps the input at hand.
    private(set) var current: String?
    private(set) var wantsHelp = false
    private(set) var wantsList = false
    private(set) var isLinkPeer = false

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let name = rest.popFirst() {
            switch name {
            case "--help", "-h": wantsHelp = true
            case "--list": wantsList = true
            case "--link-peer": isLinkPeer = true
            case "--target": target = try Self.value(of: name, &rest) { $0 }
            case "--seconds": seconds = try Self.value(of: name, &rest) { Double($0).flatMap { $0 >= 0 ? $0 : nil } }
            case "--seed": seed = try Self.value(of: name, &rest) { UInt64($0) }
            case "--corpus": corpus = try Self.value(of: name, &rest) { $0 }
            case "--findings": findings = try Self.value(of: name, &rest) { $0 }
            case "--input": input = try Self.value(of: name, &rest) { $0 }
            case "--current": current = try Self.value(of: name, &rest) { $0 }
            default: throw BrokenPromise("\(name) is not known; see  kin-fuzz --help")
            }
        }
        if input != nil || current != nil, target == nil { throw BrokenPromise("name the target with --target") }
    }

    private static func value<T>(
        of name: String, _ rest: inout ArraySlice<String>, _ read: (String) -> T?
    ) throws -> T {
        guard let text = rest.popFirst(), let value = read(text) else {
            throw BrokenPromise("\(name) needs a value; see  kin-fuzz --help")
        }
        return value
    }

    /// What is to run.
    func targets() throws -> [FuzzTarget] {
        guard let target else { return FuzzTarget.all }
        let found = FuzzTarget.all.filter { $0.name == target }
        guard !found.isEmpty else {
            throw BrokenPromise("no target \(target); there are \(FuzzTarget.names)")
        }
        return found
    }
}
