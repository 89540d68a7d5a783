import KinDaemonAPI
import KinEncoding
import KinWire

/// What `kin status` says where no daemon runs: why the last one ended, and what to do.
struct StatusWhenDown {
    let wallet: WalletAddress
    /// By which entry this device belongs to the family no more.
    var revokedBy: Revocation?
    var lastEnd: LastEnd?

    var facts: [Drawing.Fact] {
        // Why it is revoked is said once.
        let end = revokedBy == nil ? lastEnd : nil
        return [device] + (end.map { [.init(name: "ended", value: "\($0.message) (\($0.code))", tone: .bad)] } ?? [])
            + [.init(name: "wallet", value: wallet.description)]
    }

    private var device: Drawing.Fact {
        guard let revokedBy else {
            // What ended it says what to do, where starting it again does not help.
            let help = lastEnd?.isForGood == true ? "" : ": start it with  kin up"
            return .init(name: "device", value: "not running\(help)", tone: .bad)
        }
        return .init(name: "device", value: Self.revoked(by: revokedBy), tone: .bad)
    }

    static func revoked(by entry: Revocation) -> String {
        let reason = entry.reason.isEmpty ? "" : " (\(entry.reason))"
        return
            "revoked\(reason), it belongs to the family no more: start afresh in an empty KINDRED_HOME with  kin device request , or  kin wallet import  where the phrase may be"
    }

    var json: JSON {
        .object([
            "running": .bool(false), "healthy": .bool(false), "wallet": .string(wallet.description),
            "revoked": .bool(revokedBy != nil),
            "last_end": .orNull(lastEnd) {
                .object(["code": .string($0.code), "message": .string($0.message), "at": .integer($0.at)])
            },
        ])
    }
}

/// Why a daemon ended that nobody stopped: the last such line of its log, where nothing came after it.
struct LastEnd: Hashable {
    var code: String
    var message: String
    /// Milliseconds.
    var at: Int64

    /// Whether another start ends in the same way.
    var isForGood: Bool { ["certificate_ended", "credential_used_up", "credential_needed"].contains(code) }

    /// Bytes of the log that are looked at.
    static let tail = 65_536

    init(code: String, message: String, at: Int64) {
        self.code = code
        self.message = message
        self.at = at
    }

    /// - Parameter log: its end; a first line that was cut is passed over.
    init?(log: [UInt8]) {
        let lines = log.split(separator: UInt8(ascii: "\n")).reversed()
        for line in lines {
            guard case .object(let members)? = try? JSON.parse(Array(line)), case .string(let event)? = members["event"]
            else { continue }
            if event == "started" || event == "stopped" { return nil }
            guard event == "failed", case .string(let code)? = members["code"],
                case .string(let message)? = members["error"], case .integer(let time)? = members["time"]
            else { continue }
            self.init(code: code, message: message, at: time)
            return
        }
        return nil
    }
}
