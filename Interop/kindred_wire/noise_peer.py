"""Noise handshakes by the library noiseprotocol, with keys that a test can hold still."""

import warnings

from cryptography.exceptions import InvalidTag
from noise.connection import Keypair, NoiseConnection
from noise.exceptions import NoiseInvalidMessage

from . import keys
from .encodings import Refused

IK = b"Noise_IK_25519_ChaChaPoly_SHA256"
NNPSK0 = b"Noise_NNpsk0_25519_ChaChaPoly_SHA256"
TAG = 16


class Peer:
    """One side of a handshake, then of its transport. Keys and the psk are bytes; `ephemeral` is random unless given."""

    def __init__(self, name, initiator, prologue=b"", static=None, remote=None, psk=None, ephemeral=None):
        self._noise = NoiseConnection.from_name(name)
        if initiator:
            self._noise.set_as_initiator()
        else:
            self._noise.set_as_responder()
        self._noise.set_prologue(prologue)
        if psk is not None:
            self._noise.set_psks(psk)
        if static is not None:
            self._noise.set_keypair_from_private_bytes(Keypair.STATIC, static)
        if remote is not None:
            self._noise.set_keypair_from_public_bytes(Keypair.REMOTE_STATIC, remote)
        if ephemeral is not None:
            self._noise.set_keypair_from_private_bytes(Keypair.EPHEMERAL, ephemeral)
        with warnings.catch_warnings():
            # That an ephemeral key was given is what the vectors are made of.
            warnings.simplefilter("ignore")
            self._noise.start_handshake()
        self._remote = remote
        self._is_called = name == IK and not initiator

    def write(self, payload: bytes = b"") -> bytes:
        return bytes(self._noise.write_message(payload))

    def read(self, message: bytes) -> bytes:
        # The library knows no lower bound; no message is shorter than a key and a tag.
        if len(message) < 32 + TAG or not keys.is_x25519_public(message[:32]):
            raise Refused("noise_refused", "not a handshake message")
        state = self._noise.noise_protocol.handshake_state
        payload = _opened(lambda: bytes(self._noise.read_message(message)))
        if self._is_called:
            self._remote = state.rs.public_bytes
        return payload

    @property
    def remote(self) -> bytes | None:
        """The other side's static key."""
        return self._remote

    @property
    def handshake_hash(self) -> bytes:
        return bytes(self._noise.get_handshake_hash())

    def seal(self, payload: bytes) -> bytes:
        return bytes(self._noise.encrypt(payload))

    def open(self, message: bytes) -> bytes:
        return _opened(lambda: bytes(self._noise.decrypt(message)))

    def rekey_sending(self) -> None:
        self._noise.rekey_outbound_cipher()

    def rekey_receiving(self) -> None:
        self._noise.rekey_inbound_cipher()

    def skip_sending_to(self, number: int) -> None:
        """As if so many messages had been sealed: to reach a far one without sealing all before it."""
        self._noise.noise_protocol.cipher_state_encrypt.n = number


def _opened(action):
    try:
        return action()
    except (InvalidTag, NoiseInvalidMessage, ValueError) as error:
        raise Refused("noise_refused", "the message does not open") from error
