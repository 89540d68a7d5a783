"""Vectors/kindred/tokens.json."""

import base64
import struct

from kindred_wire import keys, tokens

from . import actors as a

SECONDS = a.NOW // 1000
ORIGIN = "https://kin.example"
AUDIENCES = {
    "server": ORIGIN,
    "server with a port": "http://127.0.0.1:7440",
    "IPv6 server": "https://[::1]:8443",
    "device": f"device:{a.machine('laptop')}",
    "more than 255 bytes": "https://" + "x" * 292,
}


def nonce(label: str) -> bytes:
    return a.digest(f"nonce/{label}")[:16]


def mint(label: str, audience: str = ORIGIN, timestamp: int = SECONDS, actor: a.Actor = a.LAPTOP) -> str:
    return tokens.mint(actor.seed, audience, timestamp, nonce(label))


def minted() -> list[dict]:
    cases = [(name, audience, SECONDS, a.LAPTOP) for name, audience in AUDIENCES.items()]
    cases += [("at zero", ORIGIN, 0, a.PHONE), ("at the last second", ORIGIN, 2**53 - 1, a.PHONE)]
    entries = []
    for name, audience, timestamp, actor in cases:
        text = tokens.mint(actor.seed, audience, timestamp, nonce(name))
        parts = tokens.parse(text)
        entries.append(
            {
                "name": name,
                "signer": actor.name,
                "audience": audience,
                "timestamp": timestamp,
                "nonce": nonce(name).hex(),
                "key_id": parts["key_id"].hex(),
                "signed": tokens.signed(audience, parts["key_id"], timestamp, nonce(name)).hex(),
                "token": text,
            }
        )
    return entries


def bare() -> list[dict]:
    return [
        {"name": f"bare: {actor.name}", "signer": actor.name, "timestamp": time, "token": tokens.mint_bare(actor.seed, time)}
        for actor, time in ((a.LAPTOP, SECONDS), (a.PHONE, 0))
    ]


def raw(text: str) -> bytes:
    return tokens.decode(text.removeprefix(tokens.PREFIX), 120)


def changed(text: str, index: int) -> str:
    data = bytearray(raw(text))
    data[index] ^= 1
    return tokens.PREFIX + tokens.encode(bytes(data))


def malformed() -> list[dict]:
    good = mint("good")
    data = raw(good)
    late = data[:32] + struct.pack(">Q", 2**53) + data[40:]
    bare_late = data[:32] + struct.pack(">Q", 2**64 - 1) + data[56:]
    texts = {
        "empty": "",
        "the prefix alone": "kin1.",
        "another version": "kin2." + good[5:],
        "prefix in capitals": "KIN1." + good[5:],
        "no prefix": good[5:],
        "119 bytes": "kin1." + tokens.encode(data[:119]),
        "121 bytes": "kin1." + tokens.encode(data + b"\0"),
        "padded": good + "=",
        "standard alphabet": "kin1." + base64.b64encode(b"\xff" * 120).decode(),
        "a space at the end": good + " ",
        "a line end inside": good[:80] + "\n" + good[81:],
        "timestamp of 2^53": "kin1." + tokens.encode(late),
        "bare: 103 bytes": tokens.encode(data[:103]),
        "bare: trailing bits": tokens.mint_bare(a.LAPTOP.seed, SECONDS)[:-1] + "_",
        "bare: timestamp of 2^64 - 1": tokens.encode(bare_late),
        "an API key": tokens.api_key(a.digest("api") + a.digest("api more")),
        "letters beyond ASCII": "kin1." + "\u00e9" * 80,
    }
    return [{"name": name, "token": text} for name, text in texts.items()]


def judged() -> list[dict]:
    """Each taken or refused by a reader of the origin, started an hour before, who knows the laptop's and the phone's key."""
    good = mint("good")
    cases = [
        ("now", good, {}, None),
        ("300 s old", mint("old", timestamp=SECONDS - 300), {}, None),
        ("301 s old", mint("older", timestamp=SECONDS - 301), {}, "token_expired"),
        ("300 s ahead", mint("ahead", timestamp=SECONDS + 300), {}, None),
        ("301 s ahead", mint("too far ahead", timestamp=SECONDS + 301), {}, "token_future"),
        ("in the second of the start", good, {"started": SECONDS}, None),
        ("a second before the start", good, {"started": SECONDS + 1}, "token_before_start"),
        ("for another port", mint("port", audience=ORIGIN + ":8443"), {}, "token_invalid"),
        ("for another scheme", mint("scheme", audience="http://kin.example"), {}, "token_invalid"),
        ("for a device", mint("device", audience=AUDIENCES["device"]), {}, "token_invalid"),
        ("read by that device", mint("device"), {"audience": AUDIENCES["device"]}, "token_invalid"),
        ("of a key not known", mint("stranger", actor=a.STRANGER), {}, "token_key_unknown"),
        ("another nonce", changed(good, 40), {}, "token_invalid"),
        ("another second", changed(good, 39), {}, "token_invalid"),
        ("another signature", changed(good, 60), {}, "token_invalid"),
        ("another key id", changed(good, 0), {}, "token_key_unknown"),
        ("the phone's id with the laptop's signature", swapped(good), {}, "token_invalid"),
        ("bare, where taken", tokens.mint_bare(a.LAPTOP.seed, SECONDS), {"bare": True}, None),
        ("bare, where not", tokens.mint_bare(a.LAPTOP.seed, SECONDS), {}, "token_bare_refused"),
        ("bare and old", tokens.mint_bare(a.LAPTOP.seed, SECONDS - 301), {"bare": True}, "token_expired"),
        ("bare, of a stranger", tokens.mint_bare(a.STRANGER.seed, SECONDS), {"bare": True}, "token_key_unknown"),
        ("bare, with the other signature", bare_with_domain(), {"bare": True}, "token_invalid"),
    ]
    return [
        {
            "name": name,
            "token": text,
            "now": SECONDS,
            "started": changes.get("started", SECONDS - 3600),
            "audience": changes.get("audience", ORIGIN),
            "accept_bare": changes.get("bare", False),
            "code": code,
        }
        for name, text, changes, code in cases
    ]


def swapped(text: str) -> str:
    return tokens.PREFIX + tokens.encode(tokens.key_id(bytes.fromhex(a.PHONE.public)) + raw(text)[32:])


def bare_with_domain() -> str:
    """Signed as everything else is, with a domain: no bare token."""
    head = tokens.key_id(bytes.fromhex(a.LAPTOP.public)) + struct.pack(">Q", SECONDS)
    return tokens.encode(head + keys.sign(a.LAPTOP.seed, tokens.DOMAIN, head))


def ssh_line(actor: a.Actor, comment: str = "") -> str:
    blob = struct.pack(">I", 11) + b"ssh-ed25519" + struct.pack(">I", 32) + bytes.fromhex(actor.public)
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}" + (f" {comment}" if comment else "")


def authorized_keys() -> dict:
    laptop, phone = ssh_line(a.LAPTOP, "me@laptop  at home"), ssh_line(a.PHONE)
    text = f"# my keys\n\n  {laptop}\r\n{phone}\n\t# the laptop again\n{ssh_line(a.LAPTOP, 'again')}"
    blob = laptop.split(" ")[1]
    small = base64.b64encode(base64.b64decode(blob)[:19] + bytes(32)).decode()
    bad = {
        "an option": f'restrict,command="ls" {phone}',
        "another type": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB me",
        "the type alone": "ssh-ed25519",
        "no base64": "ssh-ed25519 AAAA!",
        "cut short": f"ssh-ed25519 {blob[:-4]}",
        "a point of small order": f"ssh-ed25519 {small}",
        "the type in capitals": laptop.replace("ssh-ed25519 ", "SSH-ED25519 "),
    }
    return {
        "text": text,
        "keys": [
            {"name": actor.name, "key_id": tokens.key_id(bytes.fromhex(actor.public)).hex(), "comment": comment}
            for actor, comment in ((a.LAPTOP, "me@laptop  at home"), (a.PHONE, ""))
        ],
        "invalid": [{"name": name, "line": line} for name, line in bad.items()],
    }


def api_keys() -> dict:
    randoms = [a.digest("api key") + a.digest("api key, more"), bytes(range(192, 256)) + bytes(range(64)), bytes(64)]
    texts = [tokens.api_key(random) for random in randoms]
    good = texts[0]
    bad = ["", "kin_", good[:-1], good + "0", good.replace("kin_", "Kin_"), good[:-1] + "-", "kin_" + "\u00e9" * 16]
    return {
        "keys": [
            {"random": random.hex(), "key": text, "sha256": tokens.api_key_hash(text).hex()}
            for random, text in zip(randoms, texts)
        ],
        "invalid": bad,
    }


def build() -> dict:
    return {
        "minted": minted(),
        "bare": bare(),
        "malformed": malformed(),
        "judged": judged(),
        "authorized_keys": authorized_keys(),
        "api_keys": api_keys(),
    }
