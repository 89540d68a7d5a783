import CPTY
public import KinWire

extension TerminalSize {
    /// What the terminal behind a descriptor has; nil where it is none, or does not say.
    public init?(ofTerminal file: Int32) {
        var (columns, rows) = (UInt16(0), UInt16(0))
        guard cpty_get_size(file, &columns, &rows) == 0 else { return nil }
        self.init(columns: Int(columns), rows: Int(rows))
    }

    /// Tells the terminal behind a descriptor, and the programs in front at it.
    /// - Returns: 0, or what errno says.
    func set(_ file: Int32) -> Int32 { cpty_set_size(file, UInt16(columns), UInt16(rows)) }
}

extension TerminalExit {
    /// - Parameter status: as `waitpid` gives it.
    init(waited status: Int32) {
        self = status & 0x7f == 0 ? .code(status >> 8 & 0xff) : .signal(status & 0x7f)
    }
}
