"""A party in a real pairing room, in Python: whoever shows or enters the code, asks or certifies."""

import time

import nacl.public
from vector_cases import actors, joining
from web_socket import Peer as Socket

from kindred_wire import chain, encodings, keys, pairing, pairing_messages, statements
from kindred_wire.noise_peer import NNPSK0, Peer


class Room:
    """One side of a pairing at a server on this machine."""

    def __init__(self, code: str, entered: bool, library=Peer):
        server, token = pairing.decode_code(code)
        self._socket = Socket(int(server.rsplit(":", 1)[1]), f"/pair?room={pairing.room(token)}")
        assert self._socket.status == 101
        self._peer = library(NNPSK0, entered, pairing.PAIR_LABEL, psk=pairing.psk(token))
        self._entered = entered

    def greet(self) -> str:
        """The handshake.

        :return: the safety number.
        """
        if self._entered:
            self._socket.send(self._peer.write())
            assert self._peer.read(self._frame()) == b""
            self._socket.send(self._peer.seal(b""))
        else:
            assert self._peer.read(self._frame()) == b""
            self._socket.send(self._peer.write())
            assert self._peer.open(self._frame()) == b""
        return pairing.safety_number(self._peer.handshake_hash)

    def _frame(self) -> bytes:
        opcode, payload = self._socket.receive()
        assert opcode == 2, (opcode, payload)
        return payload

    def send(self, kind: str, **members) -> None:
        self._socket.send(self._peer.seal(pairing_messages.encode(kind, **members)))

    def send_raw(self, data: bytes) -> None:
        self._socket.send(data)

    def receive(self) -> dict:
        return pairing_messages.decode(self._peer.open(self._frame()))

    def closed(self) -> tuple[int, str]:
        return self._socket.closed()

    def close(self) -> None:
        self._socket.close()


def now() -> int:
    return int(time.time() * 1000)


def request(name: str | None = "kiosk", actor=actors.PHONE) -> dict:
    """A join request of this moment."""
    fields = {
        "v": 1,
        "machine_id": joining.MACHINE,
        "ed25519": actor.public,
        "x25519": actor.x25519,
        "name": name,
        "at": now(),
    }
    data = encodings.canonical(fields)
    return fields | {"sig": keys.sign(actor.seed, statements.domain("join-request"), data).hex()}


def machine_number(asked: dict) -> str:
    return joining.safety_number(
        asked["machine_id"].encode() + bytes.fromhex(asked["ed25519"]) + bytes.fromhex(asked["x25519"])
    )


def opened(sealed: str, actor=actors.PHONE) -> dict:
    """An approval that was sealed to `actor`."""
    box = nacl.public.SealedBox(nacl.public.PrivateKey(actor.secret))
    return encodings.parse_canonical(box.decrypt(bytes.fromhex(sealed)))


def certified(asked: dict, role: str = "member", expires_at: int | None = None, **changes) -> dict:
    """The approval's JSON by which the vectors' family certifies whoever asked, now."""
    start = now()
    issuer = actors.issuer(not_before=start - actors.DAY)
    certificate = statements.signed(
        "certificate",
        {
            "v": 1,
            "mesh": actors.MESH,
            "member": actors.member("kiosk"),
            "machine_id": asked["machine_id"],
            "ed25519": asked["ed25519"],
            "x25519": asked["x25519"],
            "role": role,
            "scopes": [],
            "issued_at": start,
            "expires_at": expires_at,
            "issuer": actors.member("laptop"),
        }
        | changes,
        actors.ISSUER.seed,
    )
    return {
        "v": 1,
        "chain": [issuer, certificate],
        "route_id": "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi",
        "box_public": actors.LAPTOP.x25519,
        "servers": ["https://kin.example"],
    }


def sealed(approval: dict, asked: dict) -> str:
    box = nacl.public.SealedBox(nacl.public.PublicKey(bytes.fromhex(asked["x25519"])))
    return box.encrypt(encodings.canonical(approval)).hex()


def verified(approval: dict, mesh: str) -> chain.Device:
    return chain.verify(approval["chain"], mesh, now())
