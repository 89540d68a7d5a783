import ArgumentParser
import KinDaemon
import KinWire

extension DeviceName {
    /// As an argument.
    static func argument(_ text: String) throws -> DeviceName {
        guard let name = DeviceName(text) else { throw ValidationError(DaemonSettings.nameRule) }
        return name
    }
}
