import KinNoise
import KinWire

/// A transport whose keys change after so many messages of a direction: what was sent before cannot be opened with what is in memory later.
struct LinkCipher: ~Copyable, Sendable {
    private var transport: NoiseTransport
    private let rekeyAfter: UInt64

    init(_ transport: consuming NoiseTransport, rekeyAfter: UInt64) {
        self.transport = transport
        self.rekeyAfter = rekeyAfter
    }

    mutating func seal(_ record: LinkRecord) throws(LinkFault) -> [UInt8] { try seal(record.encoded()) }

    /// - Parameter record: at most 65,519 bytes.
    mutating func seal(_ record: [UInt8]) throws(LinkFault) -> [UInt8] {
        // Too long it never is, and its numbers last for longer than the machine.
        do throws(NoiseFault) {
            let message = try transport.seal(record)
            if transport.sent.isMultiple(of: rekeyAfter) { try transport.rekeySending() }
            return message
        } catch {
            throw .ended
        }
    }

    /// - Throws: `tampered`.
    mutating func open(_ message: [UInt8]) throws(LinkFault) -> [UInt8] {
        do throws(NoiseFault) {
            let record = try transport.open(message)
            if transport.received.isMultiple(of: rekeyAfter) { try transport.rekeyReceiving() }
            return record
        } catch {
            throw .tampered
        }
    }
}
