public import KinIdentity
import KinLink
import KinWire
import Synchronization

/// The other side of a pairing, once the handshake is done. Whether it is the right one, people see by the number.
public final class PairedPeer: Sendable {
    /// The same on both sides; another wherever somebody stands between.
    public let safetyNumber: SafetyNumber
    private let carrier: any LinkCarrier
    private let channel: Mutex<PairingChannel>

    init(_ channel: consuming PairingChannel, _ carrier: any LinkCarrier) {
        safetyNumber = channel.safetyNumber
        self.channel = Mutex(channel)
        self.carrier = carrier
    }

    func send(_ message: PairingMessage) async throws(KinError) {
        let bytes = message.canonicalBytes()
        let sealed = try paired { () throws(PairingFault) in
            try channel.withLock { (channel) throws(PairingFault) in try channel.seal(bytes) }
        }
        do throws(LinkEnd) { try await carrier.send(sealed) } catch { throw KinError(pairing: error) }
    }

    func receive() async throws(KinError) -> PairingMessage {
        let sealed: [UInt8]
        do throws(LinkEnd) { sealed = try await carrier.receive() } catch { throw KinError(pairing: error) }
        let bytes = try paired { () throws(PairingFault) in
            try channel.withLock { (channel) throws(PairingFault) in try channel.open(sealed) }
        }
        do throws(WireError) {
            return try PairingMessage(canonical: bytes)
        } catch {
            throw KinError(PairingFault.malformed)
        }
    }

    /// Says a last word, and waits for a moment until the other side, who has heard it, ends the connection: a process that ended first would take the
    /// word with it.
    func part(saying message: PairingMessage, waiting limit: Duration) async {
        do throws(KinError) { try await send(message) } catch { return close() }
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            do throws(LinkEnd) {
                // Both may have had a last word at once.
                if isLastWord(try await carrier.receive(within: deadline - ContinuousClock.now)) { break }
            } catch {
                break
            }
        }
        close()
    }

    private func isLastWord(_ sealed: [UInt8]) -> Bool {
        let bytes = channel.withLock { try? $0.open(sealed) }
        guard let bytes, case .refused? = try? PairingMessage(canonical: bytes) else { return false }
        return true
    }

    func close() { carrier.close(reason: "done") }
}
