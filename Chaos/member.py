"""Members made by the tester itself: keys, certificates and the hello, by the forms of Interop/kindred_wire."""

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from errors import Failed, Skipped

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Interop"))
try:
    from kindred_wire import encodings, frames, keys, messages, statements
except ImportError as error:
    raise Skipped(
        f"it needs the packages of Interop/requirements.txt ({error}): run it with $(scripts/python)") from error

FEATURES = ["client_message_id_dedupe", "concurrent_connection_policy", "max_payload"]


def now() -> int:
    """Milliseconds since 1970."""
    return int(time.time() * 1000)


@dataclass(frozen=True)
class Wallet:
    """What certifies the members of a mesh."""

    seed: bytes

    @property
    def mesh(self) -> str:
        return f"home@{encodings.base58_encode(keys.ed25519_public(self.seed))}"


class Member:
    """One certified device, of the role owner."""

    def __init__(self, wallet: Wallet):
        self.mesh = wallet.mesh
        self.id = encodings.ulid(now(), os.urandom(10))
        self._seed = os.urandom(32)
        self._secret = os.urandom(32)
        certificate = {
            "v": 1, "mesh": self.mesh, "member": self.id, "machine_id": os.urandom(8).hex(),
            "ed25519": keys.ed25519_public(self._seed).hex(), "x25519": keys.x25519_public(self._secret).hex(),
            "role": "owner", "scopes": [], "issued_at": now() - 1000, "expires_at": None, "issuer": "wallet",
        }
        self.chain = [statements.signed("certificate", certificate, wallet.seed)]
        self._chain_hash = statements.sha256(self.chain)

    def hello(self, challenge: dict, origin: str) -> list[bytes]:
        """The two frames that answer a challenge."""
        head = statements.revocation_head([])
        said = {
            "v": 1, "origin": origin, "mesh": self.mesh, "nonce": challenge["nonce"],
            "chain_sha256": self._chain_hash, "revocation_head": head, "capabilities": [], "timestamp": now(),
        }
        hello = {
            "type": "hello", "capabilities": [], "chain": self.chain, "mesh": self.mesh, "revocation_head": head,
            "signature": statements.signed("hello", said, self._seed)["sig"], "timestamp": said["timestamp"],
        }
        request = {"type": "feature_negotiation_request", "optional": [], "require": FEATURES}
        return [frames.encode(frames.Frame(hello)), frames.encode(frames.Frame(request))]

    def open(self, body: bytes, sender_x25519: str) -> dict:
        """What a pushed message says; its padding, form and recipient are checked."""
        inner = messages.decode_inner(messages.open_sealed(body, self._secret, bytes.fromhex(sender_x25519)))
        if inner["recipient"] != self.id:
            raise Failed(f"a message for {inner['recipient']} was handed to {self.id}")
        return inner


def read_frame(payload: bytes) -> tuple[dict, bytes]:
    """Header and body of a frame that a broker sent. Not checked: thousands of them come."""
    length = int.from_bytes(payload[:4], "big")
    return json.loads(payload[4 : 4 + length]), payload[4 + length :]


def client_ack(results: list[tuple[int, str]]) -> bytes:
    """At most 256 results."""
    return frames.encode(frames.Frame({"type": "client_ack", "results": [list(result) for result in results]}))
