"""What the server must not know, and what it must know, of one family."""

import json
import re
from pathlib import Path

import wallet_keys
from errors import Failed
from family import Family
from needles import Needle, key_needle, phrase_needles, text_needle

#: In wallet.json, beside secrets: what others may know.
PUBLIC = {"box_public"}
EXPECTED = {
    "keypair.json": {"ed25519_seed", "x25519_secret", "issuer_seed", "registration_secret", "fingerprint_key"},
    "wallet.json": {"record_key", "box_secret"},
}


def family_needles(family: Family) -> list[Needle]:
    """Names, the phrase with what follows from it, and every private key of every home."""
    needles = [text_needle("device name", daemon.process.label, daemon.name) for daemon in family.daemons]
    needles += phrase_needles("phrase", family.phrase)
    needles += [
        key_needle("wallet key", "entropy", wallet_keys.entropy(family.phrase)),
        key_needle("wallet key", "seed", wallet_keys.seed(family.phrase)),
        key_needle("wallet key", "signing seed", wallet_keys.wallet_seed(family.phrase)),
    ]
    for daemon in family.daemons:
        for path in (daemon.home / "daemon" / "home" / "keypair.json", daemon.home / "wallet.json"):
            for name, key in _keys(path):
                kind = "record key K" if name == "record_key" else "device key"
                needles.append(key_needle(kind, f"{daemon.process.label} {path.name} {name}", key))
    return needles


def check_wallet(family: Family) -> None:
    """That the wallet key searched for is the wallet's: its address must be the one the product prints."""
    address = family.command(family.daemons[0].home, "wallet", "address").strip()
    if wallet_keys.wallet_address(family.phrase) != address:
        raise Failed(f"the phrase gives another wallet than kin says ({address}): its key cannot be searched for")


def route_id(family: Family) -> str:
    """Under which the family registers: the server must know it."""
    return str(json.loads((family.daemons[0].home / "wallet.json").read_text(encoding="utf-8"))["route_id"])


def _keys(path: Path) -> list[tuple[str, bytes]]:
    fields = json.loads(path.read_text(encoding="utf-8"))
    keys = [
        (name, bytes.fromhex(value)) for name, value in fields.items()
        if name not in PUBLIC and isinstance(value, str) and re.fullmatch(r"([0-9a-f]{2}){32,}", value)
    ]
    if lacking := EXPECTED[path.name] - {name for name, _ in keys}:
        raise Failed(f"{path} holds no {', '.join(sorted(lacking))}: what is to be searched for is not known")
    return keys
