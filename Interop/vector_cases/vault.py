"""Vectors/kindred/vault.json."""

import json

from bip_utils import Bip39MnemonicGenerator
from coincurve import PrivateKey

from kindred_wire import encodings, keys, vault

from . import actors as a
from .ethereum import Account, encode_defunct
from .vault_messages import answers, invalid_requests, requests

ENTROPY = a.digest("vault-entropy")
PHRASE = Bip39MnemonicGenerator().FromEntropy(ENTROPY).ToStr()
SEED = vault.seed(PHRASE, "TREZOR")

PATHS = {
    "wallet": ("ed25519", "m/44'/501'/0'/0'"),
    "wallet, account 3": ("ed25519", "m/44'/501'/3'/0'"),
    "primary identity": ("ed25519", "m/74'/0'/0'/0'"),
    "device identity 7": ("ed25519", "m/74'/0'/0'/7'"),
    "ssh": ("ed25519", "m/74'/0'/1'/0'"),
    "credential version 1": ("ed25519", "m/74'/2'/0'/0'"),
    "credential version 2147483648": ("ed25519", "m/74'/2'/0'/2147483647'"),
    "ethereum": ("secp256k1", "m/44'/60'/0'/0/0"),
    "nostr": ("secp256k1", "m/44'/1237'/0'/0/0"),
    "nostr, account 5": ("secp256k1", "m/44'/1237'/5'/0/0"),
}


def paths() -> list[dict]:
    found = []
    for name, (curve, path) in PATHS.items():
        key = getattr(vault, curve)(SEED, path)
        public = keys.ed25519_public(key) if curve == "ed25519" else PrivateKey(key).public_key.format(compressed=False)
        entry = {"name": name, "curve": curve, "path": path, "private": key.hex(), "public": public.hex()}
        if curve == "ed25519":
            entry["encryption_public"] = keys.x25519_public(vault.encryption_secret(key)).hex()
        found.append(entry)
    return found


def passwords() -> list[dict]:
    every = list(vault.CLASSES)
    asked = [
        ("as asked for most", "example.com", 20, 1, every),
        ("case of the site", "Example.COM", 20, 1, every),
        ("next counter", "example.com", 20, 2, every),
        ("highest counter", "example.com", 20, 2**31 - 1, every),
        ("shortest", "example.com", 8, 1, every),
        ("longest", "example.com", 128, 1, every),
        ("digits", "bank.example", 8, 1, ["digit"]),
        ("letters", "bank.example", 12, 1, ["lower", "upper"]),
        ("no symbols", "bank.example", 16, 1, ["lower", "upper", "digit"]),
        ("symbols", "bank.example", 9, 1, ["symbol"]),
        ("digits and symbols", "bank.example", 8, 1, ["digit", "symbol"]),
        ("a name with spaces", "My Bank, Ltd. (2)", 20, 1, every),
        ("one character", "~", 20, 1, every),
        ("253 characters", "x" * 253, 20, 1, every),
    ]
    # Short ones of all classes often need several candidates.
    asked += [(f"candidates {number}", f"site-{number}.example", 8, 1, every) for number in range(12)]
    fields = ("name", "site", "length", "counter", "classes")
    return [
        dict(zip(fields, entry)) | {"path": vault.site_path(entry[1]), "password": vault.password(SEED, *entry[1:])}
        for entry in asked
    ]


def _sealed(name: str, plaintext: bytes, version: int = 1) -> dict:
    salt, iv = a.digest(f"salt/{name}/{version}"), a.digest(f"iv/{name}/{version}")[:12]
    return vault.encrypt(SEED, name, plaintext, version, salt, iv)


def credentials() -> dict:
    plain = {"github": b"ghp_example", "empty": b"", "binary": bytes(range(256)), "schlüssel": "grün".encode()}
    valid = [
        {"name": name, "plaintext": text.hex(), "encrypted": _sealed(name, text)} for name, text in plain.items()
    ]
    valid.append({"name": "later", "plaintext": b"second".hex(), "encrypted": _sealed("later", b"second", 2)})
    good = _sealed("github", b"ghp_example")
    swapped = good | {"key_version": 2}
    other = [
        ("another name", "gitlab", good),
        ("another version", "github", swapped),
        ("another salt", "github", good | {"salt": _sealed("gitlab", b"")["salt"]}),
        ("another iv", "github", good | {"iv": _sealed("gitlab", b"")["iv"]}),
        ("another's data", "github", good | {"data": _sealed("gitlab", b"ghp_example")["data"]}),
        ("nothing but a tag", "github", good | {"data": _sealed("github", b"")["data"][:20] + "AA=="}),
    ]
    return {"valid": valid, "unreadable": [{"why": why, "name": n, "encrypted": e} for why, n, e in other]}


def sealed() -> dict:
    def seal(name: str, count: int = 32, flag: bool = False, passphrase: str = "correct horse") -> bytes:
        salt, nonce = a.digest(f"sealed-salt/{name}")[:16], a.digest(f"sealed-nonce/{name}")[:24]
        return vault.seal_vault(ENTROPY[:count], flag, passphrase, 1, 8192, salt, nonce)

    valid = [
        {"name": f"{count} bytes", "file": seal(str(count), count).decode(), "passphrase": "correct horse"}
        | {"entropy": ENTROPY[:count].hex(), "needs_passphrase": False}
        for count in (16, 20, 24, 28, 32)
    ]
    named = {"entropy": ENTROPY.hex(), "needs_passphrase": True}
    valid.append({"name": "flag", "file": seal("flag", flag=True).decode(), "passphrase": "correct horse"} | named)
    accents = seal("nfkd", flag=True, passphrase="caf\u00e9 \u2460").decode()
    valid.append({"name": "passphrase in another form", "file": accents, "passphrase": "cafe\u0301 1"} | named)
    good = encodings.parse_json(seal("32"))
    return {"valid": valid, "damaged": damaged(good), "newer": a.text(good | {"v": 2, "more": None})}


def damaged(good: dict) -> list[dict]:
    cases = {
        "empty": "",
        "truncated": a.text(good)[:-9],
        "no object": "[]",
        "no version": a.text({name: value for name, value in good.items() if name != "v"}),
        "version 0": a.text(good | {"v": 0}),
        "version is text": a.text(good | {"v": "1"}),
        "another kdf": a.text(good | {"kdf": "scrypt"}),
        "no operations": a.text({name: value for name, value in good.items() if name != "operations"}),
        "operations 0": a.text(good | {"operations": 0}),
        "operations 17": a.text(good | {"operations": 17}),
        "memory 8191": a.text(good | {"memory": 8191}),
        "memory above 1 GiB": a.text(good | {"memory": 2**30 + 1}),
        "short salt": a.text(good | {"salt": good["salt"][:20]}),
        "nonce is no base64": a.text(good | {"nonce": "*" * 32}),
        "short box": a.text(good | {"box": good["box"][:-4]}),
        "unknown field": a.text(good | {"x": 1}),
    }
    return [{"name": name, "file": file} for name, file in cases.items()]


def ssh() -> dict:
    key = vault.ed25519(SEED, "m/74'/0'/1'/0'")
    comments = ["laptop@home", "", "x", "xx", "xxx", "xxxx", "xxxxx", "Küche"]
    return {
        "keys": [
            {"comment": c, "public": vault.ssh_public_line(key, c), "private": vault.ssh_private_file(key, c)}
            for c in comments
        ]
    }


def ethereum() -> dict:
    account = Account.from_key(vault.secp256k1(SEED, "m/44'/60'/0'/0/0"))
    messages = ["", "hello", "Kindred\n" * 40]
    found = [(path, vault.secp256k1(SEED, path)) for path in (f"m/44'/60'/0'/0/{index}" for index in range(24))]
    return {
        "address": account.address,
        "accounts": [{"path": path, "address": Account.from_key(key).address} for path, key in found],
        "personal": [
            {"message": text, "signature": account.sign_message(encode_defunct(text=text)).signature.hex()}
            for text in messages
        ],
    }


def nostr() -> list[dict]:
    found = []
    for number in (0, 5):
        key = vault.secp256k1(SEED, f"m/44'/1237'/{number}'/0/0")
        public = PrivateKey(key).public_key.format()[1:]
        names = {"npub": vault.bech32("npub", public), "nsec": vault.bech32("nsec", key)}
        found.append({"n": number, "public": public.hex()} | names)
    return found


def build() -> dict:
    encrypted = _sealed("github", b"ghp_example")
    messages = {"valid": requests(encrypted), "invalid": invalid_requests(encrypted), "answers": answers(encrypted)}
    return {
        "entropy": ENTROPY.hex(),
        "phrase": PHRASE,
        "passphrase": "TREZOR",
        "seed": SEED.hex(),
        "paths": paths(),
        "passwords": passwords(),
        "credentials": credentials(),
        "sealed": sealed(),
        "ssh": ssh(),
        "ethereum": ethereum(),
        "nostr": nostr(),
        "messages": json.loads(json.dumps(messages)),
    }
