"""Noise once more, by the library dissononce, so that no one library is believed alone."""

from dissononce.cipher.chachapoly import ChaChaPolyCipher
from dissononce.dh.x25519.private import PrivateKey
from dissononce.dh.x25519.public import PublicKey
from dissononce.dh.x25519.x25519 import X25519DH
from dissononce.exceptions.decrypt import DecryptFailedException
from dissononce.hash.sha256 import SHA256Hash
from dissononce.processing.handshakepatterns.interactive.IK import IKHandshakePattern
from dissononce.processing.handshakepatterns.interactive.NN import NNHandshakePattern
from dissononce.processing.impl.cipherstate import CipherState
from dissononce.processing.impl.handshakestate import HandshakeState
from dissononce.processing.impl.symmetricstate import SymmetricState
from dissononce.processing.modifiers.psk import PSKPatternModifier

from kindred_wire.encodings import Refused
from kindred_wire.noise_peer import IK


class FixedDH(X25519DH):
    """Draws the one key that it was given, if it was."""

    def __init__(self, secret: bytes | None):
        super().__init__()
        self._secret = secret

    def generate_keypair(self, privatekey=None):
        return super().generate_keypair(privatekey or (self._secret and PrivateKey(self._secret)))


class OtherPeer:
    """As `kindred_wire.noise_peer.Peer`."""

    def __init__(self, name, initiator, prologue=b"", static=None, remote=None, psk=None, ephemeral=None):
        self._symmetric = SymmetricState(CipherState(ChaChaPolyCipher()), SHA256Hash())
        self._state = HandshakeState(self._symmetric, FixedDH(ephemeral))
        pattern = IKHandshakePattern() if name == IK else PSKPatternModifier(0).modify(NNHandshakePattern())
        own = X25519DH().generate_keypair(PrivateKey(static)) if static else None
        self._state.initialize(
            pattern, initiator, prologue, s=own, rs=PublicKey(remote) if remote else None, psks=[psk] if psk else None
        )
        self._initiator, self.remote = initiator, remote

    def _finish(self, ciphers) -> None:
        if ciphers is not None:
            self._sending, self._receiving = ciphers if self._initiator else reversed(ciphers)
            self.handshake_hash = bytes(self._symmetric.get_handshake_hash())

    def write(self, payload: bytes = b"") -> bytes:
        message = bytearray()
        self._finish(self._state.write_message(payload, message))
        return bytes(message)

    def read(self, message: bytes) -> bytes:
        payload = bytearray()
        try:
            ciphers = self._state.read_message(message, payload)
        except (DecryptFailedException, ValueError) as error:
            raise Refused("noise_refused", "the message does not open") from error
        if self._state.rs is not None:
            self.remote = bytes(self._state.rs.data)
        self._finish(ciphers)
        return bytes(payload)

    def seal(self, payload: bytes) -> bytes:
        return self._sending.encrypt_with_ad(b"", payload)

    def open(self, message: bytes) -> bytes:
        try:
            return self._receiving.decrypt_with_ad(b"", message)
        except DecryptFailedException as error:
            raise Refused("noise_refused", "the message does not open") from error

    def rekey_sending(self) -> None:
        _rekey(self._sending)

    def rekey_receiving(self) -> None:
        _rekey(self._receiving)


def _rekey(cipher: CipherState) -> None:
    """By the specification (rev 34, sections 4.2 and 11.3): the library keeps the tag in the key, and begins to count again."""
    cipher._key = cipher.cipher.rekey(cipher._key)[:32]
