import KinCommands

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@main
enum Kin {
    static func main() async {
        // Where the caller closed a standard stream, the next file or socket opened would be taken for it.
        while case let file = open("/dev/null", O_RDWR), file >= 0 {
            if file > STDERR_FILENO {
                close(file)
                break
            }
        }
        // A reader that goes away is an error of the write, not a signal: it ends the command quietly.
        signal(SIGPIPE, SIG_IGN)
        let status = await KinCommand.execute(Array(CommandLine.arguments.dropFirst()))
        exit(status.rawValue)
    }
}
