import ArgumentParser
import KinDaemon
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire

struct DeviceReplaceCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "replace",
        abstract: "Take the place of a device that is gone: its name becomes this one's, and it is revoked.",
        discussion: """
            For a machine that was set up afresh. The old device must be offline. An owner is revoked by the wallet: the recovery \
            phrase is asked for, or read from standard input. Where nobody here has seen the old device's name, its member id of \
            kin mesh members  names it, and this device keeps the name it has.

            EXAMPLES
              kin device replace laptop
              kin device replace 01K5SXXE00N43FY2XG0DZ860B6 < phrase
            """)

    @OptionGroup var options: OutputOptions
    @OptionGroup var phrase: PhraseOptions

    @Argument(help: "The old device's name or member id.", completion: KnownDevices.completion)
    var device: String

    func run(in context: CommandContext, _ output: Output) async throws {
        let daemon = try LocalDaemon.of(context)
        let old = try old(try await daemon.call { try await $0.members() }.members)
        let me = try Installation(daemon.state).chain.member
        let revoking = DeviceRevoking(daemon: daemon, phrase: phrase, context: context)
        let answer = try await revoking.revoke(
            RevokeRequest(device: old.member, reason: "replaced by \(me)"))
        if let name = old.callsItself.flatMap({ DeviceName($0) }) {
            do { _ = try await daemon.call { try await $0.rename(RenameRequest(name: name)) } } catch {
                output.note(
                    "\(answer.name) is revoked; its name is still to be taken:  kin device rename \(name)", .bad)
                throw error
            }
        }
        let now = try await daemon.call { try await $0.version() }.name
        output.note("this device is \(now)")
        try output.answer(
            .lines(["\(answer.name) is revoked and replaced"]),
            json: .object(["replaced": .text(answer.entry.target), "name": .text(now)]))
    }

    private func old(_ members: [MemberInfo]) throws -> MemberInfo {
        let called = members.filter { $0.name == device || $0.member == device.uppercased() }
        guard let old = called.first else {
            throw KinError("unknown_device", "no device \(device) is known: see  kin mesh members", category: .notFound)
        }
        guard called.count == 1 else {
            throw KinError(
                "ambiguous_device",
                "\(device) is the name of several devices: say which by its member id, of  kin mesh members",
                category: .usage)
        }
        guard !old.thisDevice else {
            throw KinError("this_device", "that is this device itself", category: .usage)
        }
        guard !old.online else {
            throw KinError(
                "device_online",
                "\(old.name) is online: only a device that is gone is replaced. To put it out:  kin device revoke \(old.name)",
                category: .conflict)
        }
        return old
    }
}
