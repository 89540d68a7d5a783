import KinCrypto
import KinWire

extension SingleSignatureStatement {
    /// The same statement with `key`'s signature under its own domain.
    public func signed(by key: Ed25519.PrivateKey) -> Self {
        var signed = self
        signed.signature = key.sign(unsignedBytes(), domain: Self.domain)
        return signed
    }

    /// Whether `key` signed exactly this.
    public func isSigned(by key: Ed25519.PublicKey) -> Bool {
        key.isValid(signature: signature, over: unsignedBytes(), domain: Self.domain)
    }
}

extension Rotation {
    /// The same rotation with both signatures.
    public func signed(old: Ed25519.PrivateKey, new: Ed25519.PrivateKey) -> Rotation {
        var signed = self
        let bytes = unsignedBytes()
        signed.oldSignature = old.sign(bytes, domain: Self.domain)
        signed.newSignature = new.sign(bytes, domain: Self.domain)
        return signed
    }
}

extension RegistryRecord {
    /// The same record with the device's signature; an uncertified record stays as it is.
    public func signed(by key: Ed25519.PrivateKey) -> RegistryRecord {
        var signed = self
        signed.certified?.signature = key.sign(unsignedBytes(), domain: Self.domain)
        return signed
    }
}
