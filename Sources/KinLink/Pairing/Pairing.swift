import KinCrypto
import KinIdentity
import KinNoise

/// The handshake in a pairing room. Who entered the code begins; who showed it answers, and believes in the other only with the third message, as the
/// first can be a repeat.
///
///     var mine = try Pairing(.entered, room: room)           var theirs = try Pairing(.shown, room: room)
///     send(try mine.begin())                                 send(try theirs.answer(first))
///     var (channel, third) = …mine.finish(answer)            var channel = try theirs.confirm(third)
public struct Pairing: ~Copyable, Sendable {
    /// What the person here did with the code.
    public enum Part: Hashable, Sendable {
        case entered, shown
    }

    private var handshake: NoiseHandshake

    /// - Parameter ephemeral: random unless a test says otherwise.
    public init(_ part: Part, room: PairingRoom, ephemeral: X25519.PrivateKey = .random()) throws(PairingFault) {
        do throws(NoiseFault) {
            handshake = try .nnpsk0(
                part == .entered ? .initiator : .responder, prologue: PairingRoom.domain, psk: room.psk,
                ephemeral: ephemeral)
        } catch {
            throw .codeInvalid
        }
    }

    /// The first message, by who entered the code.
    /// - Throws: `cut` out of turn.
    public mutating func begin() throws(PairingFault) -> [UInt8] { try write() }

    /// The second message, by who showed the code.
    /// - Throws: `wrongCode`.
    public mutating func answer(_ first: [UInt8]) throws(PairingFault) -> [UInt8] {
        try read(first)
        return try write()
    }

    /// Reads the second message; the channel's first message (`PairingChannel.begin`) must be sent at once.
    /// - Throws: `wrongCode`.
    public consuming func finish(_ second: [UInt8]) throws(PairingFault) -> PairingChannel {
        try read(second)
        return try split()
    }

    /// Reads the third message, an empty one.
    /// - Throws: `wrongCode`.
    public consuming func confirm(_ third: [UInt8]) throws(PairingFault) -> PairingChannel {
        var channel = try split()
        guard let payload = try? channel.open(third), payload.isEmpty else { throw .wrongCode }
        return channel
    }

    private mutating func write() throws(PairingFault) -> [UInt8] {
        do throws(NoiseFault) { return try handshake.write([]) } catch { throw .cut }
    }

    private mutating func read(_ message: [UInt8]) throws(PairingFault) {
        let payload: [UInt8]
        do throws(NoiseFault) { payload = try handshake.read(message) } catch { throw .wrongCode }
        guard payload.isEmpty else { throw .wrongCode }
    }

    private consuming func split() throws(PairingFault) -> PairingChannel {
        do throws(NoiseFault) { return PairingChannel(try handshake.split()) } catch { throw .cut }
    }
}

/// What two who share a code say to each other. Whether it is really the two, their people see by the number.
public struct PairingChannel: ~Copyable, Sendable {
    /// The same on both sides; another wherever somebody stands between.
    public let safetyNumber: SafetyNumber
    private var transport: NoiseTransport

    init(_ transport: consuming NoiseTransport) {
        safetyNumber = .ofPairing(handshakeHash: transport.handshakeHash)
        self.transport = transport
    }

    /// The message by which who entered the code shows that it has the keys.
    public mutating func begin() throws(PairingFault) -> [UInt8] { try seal([]) }

    /// - Parameter message: at most 65,519 bytes.
    /// - Throws: `tooLong`.
    public mutating func seal(_ message: [UInt8]) throws(PairingFault) -> [UInt8] {
        do throws(NoiseFault) { return try transport.seal(message) } catch { throw .tooLong }
    }

    /// - Throws: `tampered`.
    public mutating func open(_ message: [UInt8]) throws(PairingFault) -> [UInt8] {
        do throws(NoiseFault) { return try transport.open(message) } catch { throw .tampered }
    }
}
