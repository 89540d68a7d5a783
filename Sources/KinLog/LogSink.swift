import Foundation

/// Where log lines go. Thread-safe.
public protocol LogSink: Sendable {
    func write(line: [UInt8])
}

/// Standard error.
public struct StandardErrorSink: LogSink {
    public init() {}

    public func write(line: [UInt8]) { FileHandle.standardError.write(Data(line)) }
}
