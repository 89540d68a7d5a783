"""Vectors/kindred/noise.json: handshakes by noiseprotocol, in the form of the published ones, with long payloads and new keys besides."""

import hashlib

from kindred_wire import keys
from kindred_wire.noise_peer import IK, NNPSK0, TAG, Peer

from . import actors as a

MAX_MESSAGE = 65_535


def content(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def message(sender: Peer, reader: Peer, size: int, index: int, rekey: bool = False) -> dict:
    """One message of `size` bytes of payload; `rekey`: the sender takes a new key before it."""
    payload, open_ = content(size), reader.read if index < 2 else reader.open
    if rekey:
        sender.rekey_sending()
        reader.rekey_receiving()
    sealed = sender.write(payload) if index < 2 else sender.seal(payload)
    assert open_(sealed) == payload
    entry = {"size": size, "rekey": rekey, "sha256": hashlib.sha256(sealed).hexdigest()}
    return entry | ({"ciphertext": sealed.hex()} if len(sealed) <= 512 else {})


def handshake(name: str, protocol: bytes, prologue: bytes, sizes: list[int], rekeys: tuple = ()) -> dict:
    first, second = a.digest(f"noise/{name}/e/initiator"), a.digest(f"noise/{name}/e/responder")
    mine, theirs = {"ephemeral": first}, {"ephemeral": second}
    entry = {
        "name": name,
        "protocol_name": protocol.decode(),
        "prologue": prologue.hex(),
        "init_ephemeral": first.hex(),
        "resp_ephemeral": second.hex(),
    }
    if protocol == IK:
        mine |= {"static": a.LAPTOP.secret, "remote": keys.x25519_public(a.PHONE.secret)}
        theirs |= {"static": a.PHONE.secret}
        entry |= {"init_static": a.LAPTOP.secret.hex(), "resp_static": a.PHONE.secret.hex()}
    else:
        psk = a.digest(f"noise/{name}/psk")
        mine |= {"psk": psk}
        theirs |= {"psk": psk}
        entry |= {"psk": psk.hex()}
    sides = Peer(protocol, True, prologue, **mine), Peer(protocol, False, prologue, **theirs)
    messages = []
    for index, size in enumerate(sizes):
        sender = index % 2
        messages.append(message(sides[sender], sides[1 - sender], size, index, index in rekeys))
        if index == 1:
            entry["handshake_hash"] = sides[0].handshake_hash.hex()
            assert sides[0].handshake_hash == sides[1].handshake_hash
    return entry | {"messages": messages}


def build() -> dict:
    largest = MAX_MESSAGE - TAG
    return {
        "handshakes": [
            handshake("IK, nothing said", IK, b"", [0, 0, 0, 0]),
            handshake("IK, a long prologue", IK, content(1000), [16, 17, 31, 32]),
            handshake(
                "IK, the longest messages", IK, b"kindred", [MAX_MESSAGE - 96, MAX_MESSAGE - 48, largest, largest]
            ),
            handshake("IK, new keys", IK, b"kindred", [1, 2, 3, 4, 5, 6, 7, 8], (4, 5, 6)),
            handshake("NNpsk0, nothing said", NNPSK0, b"", [0, 0, 0, 0]),
            handshake("NNpsk0, a long prologue", NNPSK0, content(1000), [16, 17, 31, 32]),
            handshake(
                "NNpsk0, the longest messages",
                NNPSK0,
                b"kindred",
                [MAX_MESSAGE - 48, MAX_MESSAGE - 48, largest, largest],
            ),
            handshake("NNpsk0, new keys", NNPSK0, b"kindred", [1, 2, 3, 4, 5, 6, 7, 8], (3, 4, 6, 7)),
        ]
    }
