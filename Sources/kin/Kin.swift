import KinCommands

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@main
enum Kin {
    static func main() async {
        // A reader that goes away is an error of the write, not a signal: it ends the command quietly.
        signal(SIGPIPE, SIG_IGN)
        let status = await KinCommand.execute(Array(CommandLine.arguments.dropFirst()))
        exit(status.rawValue)
    }
}
