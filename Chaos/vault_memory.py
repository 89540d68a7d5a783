#!/usr/bin/env python3
"""Unlocks, uses and locks the vault of a running daemon, then searches the daemon's memory, files and log.

The phrase, its seed and private keys derived from it must not be there; while unlocked the seed must be, or the search proves nothing.
Exit code: 0 nothing was found, 1 something was (or the search does not work), 2 usage, 77 not possible here.
"""

import base64
import secrets
import sys
from pathlib import Path

import inspections
import wallet_keys
from blindness import end
from errors import Failed, Skipped
from family import Daemon, Family
from memory import read_memory
from needles import Needle, key_needle, phrase_needles
from progress import say
from search import any_found

PATHS = {"device identity": (74, 0, 0, 7), "credential key": (74, 2, 0, 0), "SSH key": (74, 0, 1, 0)}
ROUNDS = 5


def secret_needles(phrase: str) -> list[Needle]:
    """What must not stay: the words, what they encode, and keys that were used."""
    needles = phrase_needles("phrase", phrase)
    needles.append(key_needle("seed", "entropy", wallet_keys.entropy(phrase)))
    needles.append(seed_needle(phrase))
    needles.append(key_needle("derived key", "wallet", wallet_keys.wallet_seed(phrase)))
    for name, path in PATHS.items():
        needles.append(key_needle("derived key", name, wallet_keys.ed25519_seed(phrase, path)))
    return needles


def seed_needle(phrase: str) -> Needle:
    return key_needle("seed", "seed", wallet_keys.seed(phrase))


def use(daemon: Daemon, phrase: str, is_brief: bool) -> None:
    """One unlocking, with everything that uses a private key unless it is brief; the vault is left unlocked."""
    api = daemon.api()
    try:
        unlocked = checked(api.post("/v1/vault/unlock", {"mnemonic": phrase}))
        if is_brief:
            return
        handle = {"x-kindred-vault-handle": unlocked["handle"]}
        checked(api.post("/v1/vault/derive_ed25519", {"path": "m/74'/0'/0'/7'"}))
        checked(api.post("/v1/vault/ssh_public_key", {}))
        checked(api.post("/v1/vault/derive_password", {"site": "example.org"}, handle))
        plaintext = base64.b64encode(secrets.token_bytes(32)).decode()
        sealed = checked(api.post("/v1/vault/encrypt", {"name": "n", "plaintext": plaintext}, handle))
        opened = checked(api.post("/v1/vault/decrypt", {"name": "n", "encrypted": sealed["encrypted"]}, handle))
        if opened["plaintext"] != plaintext:
            raise Failed("what was sealed does not open to itself")
    finally:
        api.close()


def checked(answer) -> dict:
    if answer.status != 200:
        raise Failed(f"the vault answered {answer.status} {answer.code} {answer.message}")
    return answer.body


def inspect(kin: Path, keep: bool) -> int:
    """One inspection; the exit code."""
    if sys.platform != "linux":
        raise Skipped("reading another process's memory needs Linux's /proc")
    family = Family(kin, [f"n{secrets.token_hex(6)}"])
    found: list[str] = ["not searched"]
    try:
        found = search(family)
    finally:
        family.destroy(keep or bool(found))
        if keep or found:
            say(f"kept: {family.folder} (logs in {family.logs})")
    for detail in found:
        say(f"found: {detail}")
    print("verdict: " + ("FAILED" if found else "clean"))
    return 1 if found else 0


def search(family: Family) -> list[str]:
    (daemon,) = family.daemons
    needles = secret_needles(family.phrase)
    family.start()
    family.wait_until_acquainted()
    for number in reversed(range(ROUNDS)):
        # The last is brief: what its request left behind is not overwritten by others.
        use(daemon, family.phrase, is_brief=number == 0)
        if not any_found([seed_needle(family.phrase)], read_memory(daemon.process.pid)):
            raise Failed("the unlocked vault's seed is not found in the daemon's memory: the search proves nothing")
        api = daemon.api()
        checked(api.post("/v1/vault/lock", {}))
        api.close()
    found = in_memory(daemon, needles)
    end(family.processes)
    return found + in_files(family.folder, needles)


def in_memory(daemon: Daemon, needles: list[Needle]) -> list[str]:
    extents = read_memory(daemon.process.pid)
    say(f"searched {sum(len(extent.data) for extent in extents) >> 20} MiB of memory after the lock")
    return [
        f"{needle.kind} {needle.label} ({form}) at {extent.place}"
        for extent in extents for needle in needles for form, _ in needle.found_in(extent.data)
    ]


def in_files(folder: Path, needles: list[Needle]) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [
        f"{needle.kind} {needle.label} ({form}) in {path}"
        for path in files for needle in needles for form, _ in needle.found_in(path.read_bytes())
    ]


if __name__ == "__main__":
    sys.exit(inspections.run(__doc__, inspect))
