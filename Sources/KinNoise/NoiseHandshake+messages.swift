import KinCrypto

// The messages, token by token (Noise rev 34, section 5.3).

extension NoiseHandshake {
    /// This side's next message.
    /// - Parameter payload: encrypted as far as the pattern has keys by then: from the first message on, in both.
    /// - Throws: `wrongTurn` or `tooLong`, after which the handshake is as before; `broken`.
    public mutating func write(_ payload: some Collection<UInt8>) throws(NoiseFault) -> [UInt8] {
        guard !isBroken else { throw .broken }
        guard isTurn else { throw .wrongTurn }
        guard payload.count <= NoiseLimits.maxMessage - pattern.overhead(of: place) else { throw .tooLong }
        isBroken = true
        var message: [UInt8] = []
        for token in pattern.messages[place] {
            switch token {
            case .e:
                message += ownEphemeral.publicKey.bytes
                mixEphemeral(ownEphemeral.publicKey)
            case .s:
                guard let ownStatic else { throw .keyInvalid }
                message += try symmetric.encryptAndHash(ownStatic.publicKey.bytes)
            case .ee, .es, .se, .ss, .psk: try mix(token)
            }
        }
        message += try symmetric.encryptAndHash(payload)
        place += 1
        isBroken = false
        return message
    }

    /// The payload of the other side's next message.
    /// - Throws: `wrongTurn`, after which the handshake is as before; after any other fault it is over.
    public mutating func read(_ message: some Collection<UInt8>) throws(NoiseFault) -> [UInt8] {
        guard !isBroken else { throw .broken }
        guard !isTurn, !isFinished else { throw .wrongTurn }
        isBroken = true
        guard message.count <= NoiseLimits.maxMessage else { throw .tooLong }
        guard message.count >= pattern.overhead(of: place) else { throw .tooShort }
        var rest = Array(message)[...]
        for token in pattern.messages[place] {
            switch token {
            case .e:
                let key = try publicKey(Array(rest.prefix(NoiseLimits.keyCount)))
                rest = rest.dropFirst(NoiseLimits.keyCount)
                remoteEphemeral = key
                mixEphemeral(key)
            case .s:
                let sealed = Array(rest.prefix(NoiseLimits.keyCount + NoiseLimits.tagCount))
                rest = rest.dropFirst(sealed.count)
                remoteStatic = try publicKey(symmetric.decryptAndHash(sealed))
            case .ee, .es, .se, .ss, .psk: try mix(token)
            }
        }
        let payload = try symmetric.decryptAndHash(Array(rest))
        place += 1
        isBroken = false
        return payload
    }

    private mutating func mixEphemeral(_ key: X25519.PublicKey) {
        symmetric.mixHash(key.bytes)
        if pattern.usesPSK { symmetric.mixKey(SecretBytes(copying: key.bytes)) }
    }

    private mutating func mix(_ token: NoisePattern.Token) throws(NoiseFault) {
        let isInitiator = role == .initiator
        switch token {
        case .psk: if let psk { symmetric.mixKeyAndHash(psk) }
        case .ee: try mixAgreement(ownEphemeral, remoteEphemeral)
        case .ss: try mixAgreement(ownStatic, remoteStatic)
        case .es: try isInitiator ? mixAgreement(ownEphemeral, remoteStatic) : mixAgreement(ownStatic, remoteEphemeral)
        case .se: try isInitiator ? mixAgreement(ownStatic, remoteEphemeral) : mixAgreement(ownEphemeral, remoteStatic)
        case .e, .s: break
        }
    }

    private mutating func mixAgreement(_ own: X25519.PrivateKey?, _ other: X25519.PublicKey?) throws(NoiseFault) {
        guard let own, let other, let secret = try? own.agreement(with: other) else { throw .keyInvalid }
        symmetric.mixKey(secret)
    }

    private func publicKey(_ bytes: [UInt8]) throws(NoiseFault) -> X25519.PublicKey {
        guard let key = try? X25519.PublicKey(bytes) else { throw .keyInvalid }
        return key
    }
}
