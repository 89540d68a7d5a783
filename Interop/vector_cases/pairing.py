"""The part of links.json that is about pairing."""

from kindred_wire import encodings, pairing
from kindred_wire.encodings import Refused

from . import actors as a

TOKEN = a.digest("pairing-token")[:16]


def text(value) -> str:
    return pairing.encode(encodings.canonical(value))


def codes() -> list[dict]:
    token = TOKEN.hex()
    sound = ["https://kin.example", "https://kin.example:8443", "https://[2001:db8::1]:7440", "http://localhost:7440"]
    sound += ["http://127.0.0.1", "http://127.255.0.9:65535", "http://[::1]:1", "https://" + "a" * 240]
    others = [
        "http://kin.example",
        "http://10.0.0.1",
        "http://128.0.0.1",
        "http://127.0.0.1.example",
        "http://127.0.0.256",
    ]
    others += [
        "http://127.0.0.01",
        "http://127.1",
        "https://",
        "https://kin.example/",
        "https://kin.example/path",
        "ftp://kin.example",
    ]
    others += [
        "https://user@kin.example",
        "https://kin.example:0",
        "https://kin.example:65536",
        "https://kin.example:08443",
    ]
    others += [
        "https://kin.example:",
        "https://Kin.example",
        "https://kin.example?x",
        "https://k\u00ef.example",
        "wss://kin.example",
    ]
    others += [
        "https://[::1",
        "https://[]",
        "http://localhost.example",
        "http://[::2]",
        "HTTPS://kin.example",
        "https://" + "a" * 249,
        "",
    ]
    cases = [(address, text({"s": address, "t": token}), True) for address in sound]
    cases += [(address[:60] or "no address", text({"s": address, "t": token}), False) for address in others]
    good = text({"s": sound[0], "t": token})
    cases += [
        ("over two lines", good[:20] + "\n  " + good[20:] + "\n", True),
        ("a token of 15 bytes", text({"s": sound[0], "t": token[2:]}), False),
        ("a token in capitals", text({"s": sound[0], "t": token.upper()}), False),
        ("no token", text({"s": sound[0]}), False),
        ("a field too many", text({"s": sound[0], "t": token, "u": 1}), False),
        ("not canonical", pairing.encode(b'{"t":"' + token.encode() + b'","s":"https://kin.example"}'), False),
        ("padded", good + "=", False),
        ("a character missing", good[:-1], False),
        ("a character of another alphabet", "+" + good[1:], False),
        ("nothing", "", False),
        ("too long", good + " " * 512, False),
    ]
    return [{"name": name, "text": words, "valid": valid} | decoded(words, valid) for name, words, valid in cases]


def decoded(words: str, valid: bool) -> dict:
    try:
        server, token = pairing.decode_code(words)
    except Refused:
        assert not valid, words
        return {}
    assert valid, words
    return {"server": server, "token": token.hex()}


def rooms() -> list[dict]:
    tokens = [TOKEN, bytes(16), b"\xff" * 16]
    return [{"token": token.hex(), "room": pairing.room(token), "psk": pairing.psk(token).hex()} for token in tokens]


def pairing_handshake() -> dict:
    ephemerals = [a.digest(f"pairing/{side}") for side in ("entered", "shown")]
    entered, shown = pairing.peer(True, TOKEN, ephemerals[0]), pairing.peer(False, TOKEN, ephemerals[1])
    first = entered.write()
    assert shown.read(first) == b""
    second = shown.write()
    assert entered.read(second) == b""
    third, said, answered = entered.seal(b""), entered.seal(b"request"), shown.seal(b"approval")
    assert [shown.open(third), shown.open(said), entered.open(answered)] == [b"", b"request", b"approval"]
    return {
        "token": TOKEN.hex(),
        "entered_ephemeral": ephemerals[0].hex(),
        "shown_ephemeral": ephemerals[1].hex(),
        "first": first.hex(),
        "second": second.hex(),
        "third": third.hex(),
        "handshake_hash": entered.handshake_hash.hex(),
        "safety_number": pairing.safety_number(entered.handshake_hash),
        "transport": [
            {"from": "entered", "payload": b"request".hex(), "message": said.hex()},
            {"from": "shown", "payload": b"approval".hex(), "message": answered.hex()},
        ],
    }


def safety_numbers() -> list[dict]:
    hashes = [bytes(32), b"\xff" * 32, a.digest("handshake")]
    return [{"handshake_hash": one.hex(), "safety_number": pairing.safety_number(one)} for one in hashes]


def build() -> dict:
    return {"codes": codes(), "rooms": rooms(), "pairing": pairing_handshake(), "safety_numbers": safety_numbers()}
