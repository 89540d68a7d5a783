public import Foundation
public import KinIdentity

/// Everything outside itself that a command touches, so that a test can stand in for all of it.
public struct CommandContext: Sendable {
    /// Of the command that runs. Its parser makes commands by itself and can hand nothing to them.
    @TaskLocal public static var current = CommandContext.process

    public var environment: [String: String]
    public var workingFolder: String
    public var output: any TextStream
    public var errors: any TextStream
    public var terminal: any Terminal
    /// Milliseconds since 1970.
    public var now: @Sendable () -> Int64
    public var timeZone: TimeZone
    /// A random number within the range.
    public var random: @Sendable (Range<Int>) -> Int
    /// This program's file.
    public var executable: String
    /// What this machine is known by.
    public var host: HostReader

    public init(
        environment: [String: String], workingFolder: String, output: any TextStream, errors: any TextStream,
        terminal: any Terminal, now: @escaping @Sendable () -> Int64, timeZone: TimeZone,
        random: @escaping @Sendable (Range<Int>) -> Int, executable: String, host: HostReader = .system
    ) {
        self.environment = environment
        self.workingFolder = workingFolder
        self.output = output
        self.errors = errors
        self.terminal = terminal
        self.now = now
        self.timeZone = timeZone
        self.random = random
        self.executable = executable
        self.host = host
    }

    /// A file as it was named on the command line.
    func path(_ name: String) -> String { name.hasPrefix("/") ? name : workingFolder + "/" + name }

    /// What this process has.
    public static var process: CommandContext {
        let errors = FileStream.standardError
        return CommandContext(
            environment: ProcessInfo.processInfo.environment,
            workingFolder: FileManager.default.currentDirectoryPath, output: FileStream.standardOutput, errors: errors,
            terminal: StandardTerminal(prompts: errors),
            now: { Int64(Date().timeIntervalSince1970 * 1000) }, timeZone: .current,
            random: { Int.random(in: $0) }, executable: currentExecutable)
    }

    /// Where the system knows it, the path of the file that runs; else the name it was called by.
    private static var currentExecutable: String {
        let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return link ?? Bundle.main.executablePath ?? CommandLine.arguments.first ?? "kin"
    }
}
