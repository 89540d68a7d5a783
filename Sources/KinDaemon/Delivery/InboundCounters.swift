import KinMetrics
import KinSession

/// What came that was refused, or noticed and taken all the same, counted since the daemon's start: `inbound` of `GET /v1/health`, and
/// `kin_daemon_invalid_inbound_total`.
final class InboundCounters: Sendable {
    /// What is counted; the raw value is its public name.
    enum Fact: String, CaseIterable {
        // Pushed messages that are not taken in: one for each `MessageFault`.
        case doesNotOpen = "does_not_open"
        case malformed
        case misaddressed
        case badSignature = "bad_signature"
        case wrongTime = "wrong_time"
        case expired
        case unknownSender = "unknown_sender"
        /// A daemon's own mail (revocations, succession) that is not understood.
        case controlRefused = "control_refused"

        /// The content of a message that did not fit is not what it says, or not there.
        case enclosureRefused = "enclosure_refused"

        /// A message the inbox has or had.
        case duplicate
        /// A lane went on with a higher number than the next.
        case gap
        /// A lane went back, to a message that had not come.
        case reversal

        /// What claims to be a receipt and is none.
        case receiptMalformed = "receipt_malformed"
        /// Ids in a receipt that were never sent to its signer.
        case receiptForeign = "receipt_foreign"
        /// A receipt that changes nothing.
        case receiptDuplicate = "receipt_duplicate"

        /// Answers to sends that do not wait for one.
        case ackUnexpected = "ack_unexpected"
        case nackUnexpected = "nack_unexpected"

        /// A frame that cannot be read.
        case frameInvalid = "frame_invalid"
        /// A frame of a type that is not known here: a newer server may say such.
        case frameUnknown = "frame_unknown"
        /// A frame that does not belong into a session that is ready.
        case frameUnexpected = "frame_unexpected"

        /// A broker's history that breaks its rules: the inbox is not filled on from it.
        case historyBroken = "history_broken"

        case chainRefused = "chain_refused"
        /// A chain with fewer rotations than the one known.
        case chainShorter = "chain_shorter"
        /// A chain that would give a member's id to other keys than the wallet did.
        case chainForeign = "chain_foreign"
        case rotationFork = "rotation_fork"
        /// A topic that is not told as it was signed.
        case topicRefused = "topic_refused"
        case settingsRefused = "settings_refused"
        case settingsRolledBack = "settings_rolled_back"
        case revocationRefused = "revocation_refused"
        /// A member knows revocations that the broker does not tell.
        case revocationsWithheld = "revocations_withheld"

        init(_ fault: MessageFault) {
            self =
                switch fault {
                case .doesNotOpen: .doesNotOpen
                // Of one that waits for its key nothing is counted here; read back from history, it does not open.
                case .keyMissing: .doesNotOpen
                case .malformed: .malformed
                case .misaddressed: .misaddressed
                case .badSignature: .badSignature
                case .wrongTime: .wrongTime
                case .expired: .expired
                case .unknownSender: .unknownSender
                }
        }
    }

    private let counts: Counters

    init(_ registry: MetricRegistry) {
        counts = registry.counters(
            "kin_daemon_invalid_inbound_total", "What came and was refused, or noticed and taken all the same.",
            by: "reason", Fact.allCases.map(\.rawValue))
    }

    func note(_ fact: Fact, times: Int = 1) {
        if times > 0 { counts[fact].add(times) }
    }

    /// Those above zero, by name.
    var named: [String: Int64] {
        let counted = Fact.allCases.map { ($0.rawValue, Int64(counts[$0].value)) }
        return Dictionary(uniqueKeysWithValues: counted.filter { $0.1 > 0 })
    }
}
